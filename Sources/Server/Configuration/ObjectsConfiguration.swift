import API

/// Where files of users are kept.
package struct ObjectsConfiguration: Sendable {
    /// Nil: in the data directory.
    package var s3: S3Configuration?

    init(_ reader: inout EnvironmentReader) {
        let endpoint = reader.value(.s3URL, OutgoingAddress.init)
        let bucket = reader.value(.s3Bucket) { name in
            let isPlain = name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte) || "-.".utf8.contains(byte)
            }
            return isPlain && (3...63).contains(name.utf8.count) && !name.hasPrefix(".") ? name : nil
        }
        let region = reader.value(.s3Region) { $0.contains(where: \.isWhitespace) ? nil : $0 }
        let keyId = reader.text(.s3AccessKeyId)
        let secret = reader.text(.s3SecretAccessKey)
        let companions = [
            (Variable.s3Bucket, reader.text(.s3Bucket)), (.s3AccessKeyId, keyId), (.s3SecretAccessKey, secret),
        ]
        if reader.text(.s3URL) != nil {
            for (variable, text) in companions where text == nil {
                reader.note(variable, message: "\(variable.name) must be set together with S3_URL")
            }
        } else if let (stray, _) = companions.first(where: { $1 != nil }) {
            // Pictures would lie on this machine's disk, where nobody looks for them.
            reader.note(.s3URL, message: "S3_URL must be set together with \(stray.name)")
        }
        guard let endpoint, let bucket, let region, let keyId, let secret else { return }
        s3 = S3Configuration(
            endpoint: endpoint, bucket: bucket, region: region, accessKeyId: keyId, secretAccessKey: secret)
    }
}
