import NIOCore
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

    /// Another one, as after a renewal.
    package static let renewedCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBqjCCAVGgAwIBAgIUPeaN1cPaEo9Z8qT7flOkchD/OYEwCgYIKoZIzj0EAwIw
        HDEaMBgGA1UEAwwRcmVuZXdlZC5sb2NhbGhvc3QwIBcNMjYxMTI1MDIwMTE4WhgP
        MjEyNjExMDEwMjAxMThaMBwxGjAYBgNVBAMMEXJlbmV3ZWQubG9jYWxob3N0MFkw
        EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjjHxA6GOlhIEMDeJn9j3cpWDi3aHqh4R
        aEKWx0S6/l10VHwV3Jza3o6D5BC2sIjpq8KmAQ8vRA4Rlfr5mNGrNqNvMG0wHQYD
        VR0OBBYEFMqTip7A0kFKjAdBIHQ5yeMb1QLBMB8GA1UdIwQYMBaAFMqTip7A0kFK
        jAdBIHQ5yeMb1QLBMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxo
        b3N0hwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIHa09jFqC0GOCzMmUoeCelyrFRm9
        LUI+hKTviLPzC3nMAiBe3TAh3bjuCtK1TwZDq92t8Uj+jKDJPXd8KjwnhHWoqw==
        -----END CERTIFICATE-----
        """

    package static let renewedKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg30txrPcZOLnR0R+n
        VknkbBxLIYiYW9fBil2OlILT40OhRANCAASOMfEDoY6WEgQwN4mf2PdylYOLdoeq
        HhFoQpbHRLr+XXRUfBXcnNrejoPkELawiOmrwqYBDy9EDhGV+vmY0as2
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

    /// What a client needs that trusts this certificate alone.
    package static func client(trusting certificate: String = certificate) throws -> NIOSSLContext {
        var client = TLSConfiguration.makeClientConfiguration()
        client.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)))
        // Where half-closure is allowed, as in raw sockets, the wait for the other side's goodbye ends by time alone.
        client.shutdownTimeout = .milliseconds(50)
        return try NIOSSLContext(configuration: client)
    }
}
