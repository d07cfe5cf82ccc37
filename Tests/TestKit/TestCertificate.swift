import NIOSSL

/// A self-signed certificate for `localhost` and 127.0.0.1 with its key; worth nothing outside of tests.
package enum TestCertificate {
    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUGgAwIBAgIUFOYHgRnKrRAFPTKAbRGUTqffXBgwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjIyMDIyM1oYDzIxMjYxMDI5
        MjIwMjIzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARBQrbwSdbR2msV4ZUTdE9pA4iHA4m5o/Ezv4pUjVZFA/HmW8TQY7/k
        wFhAtoDcEdgMR5DM5iFF7h2WGziV2boBo28wbTAdBgNVHQ4EFgQUypZnG0f+8QNh
        4iANiW2Idno37CcwHwYDVR0jBBgwFoAUypZnG0f+8QNh4iANiW2Idno37CcwDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSQAwRgIhAPqiWngTYa5wdWhQUVGI4Rn6J8un/adkjNSD8NwFTQkwAiEA
        9tr0zkEld3qAowp1bniMzEh6Pdy7WTPnLJqu7uvKlis=
        -----END CERTIFICATE-----
        """

    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFrg0AwrMlxju3ruZ
        yx/wVLxIOXinf00pQL4TLGJ2jXmhRANCAARBQrbwSdbR2msV4ZUTdE9pA4iHA4m5
        o/Ezv4pUjVZFA/HmW8TQY7/kwFhAtoDcEdgMR5DM5iFF7h2WGziV2boB
        -----END PRIVATE KEY-----
        """

    /// What a server presents.
    package static var server: TLSConfiguration {
        get throws {
            let certificates = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
            return TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        }
    }

    /// What a client that trusts it needs.
    package static var roots: NIOSSLTrustRoots {
        get throws { .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))) }
    }
}
