import Foundation
import NIOHTTP1
import Protocol

/// A bucket of an S3-compatible store, addressed by path.
package struct S3Configuration: Sendable {
    package let endpoint: OutgoingAddress
    package let bucket: String
    package let region: String
    package let accessKeyId: String
    package let secretAccessKey: String

    package init(
        endpoint: OutgoingAddress, bucket: String, region: String, accessKeyId: String, secretAccessKey: String
    ) {
        self.endpoint = endpoint
        self.bucket = bucket
        self.region = region
        self.accessKeyId = accessKeyId
        self.secretAccessKey = secretAccessKey
    }
}

/// Stores files in an S3-compatible store.
struct S3Objects: ObjectStore {
    private let http: OutgoingHTTP
    private let configuration: S3Configuration
    private let now: @Sendable () -> Timestamp

    init(configuration: S3Configuration, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        self.now = now
        http = OutgoingHTTP(largestAnswer: 16 << 20, timeout: .seconds(10), breaker: CircuitBreaker(now: now))
    }

    func put(_ bytes: [UInt8], at key: ObjectKey, type: String) async throws {
        let reply = try await send(.PUT, key, headers: [("Content-Type", type)], body: bytes)
        guard reply.status == 200 else { throw refusal(reply, .PUT, key) }
    }

    func get(_ key: ObjectKey) async throws -> [UInt8]? {
        let reply = try await send(.GET, key)
        if reply.status == 200 { return reply.body }
        // A bucket that is missing is 404 too, and no reason to believe that the file is.
        let code = String(decoding: reply.body, as: UTF8.self)
        guard reply.status == 404, code.contains("NoSuchKey") else { throw refusal(reply, .GET, key) }
        return nil
    }

    func remove(_ key: ObjectKey) async throws {
        let reply = try await send(.DELETE, key)
        let isGone = reply.status == 404 && String(decoding: reply.body, as: UTF8.self).contains("NoSuchKey")
        guard reply.status == 204 || reply.status == 200 || isGone else { throw refusal(reply, .DELETE, key) }
    }

    private func send(
        _ method: HTTPMethod, _ key: ObjectKey, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> OutgoingHTTP.Reply {
        guard let address = configuration.endpoint.appending("/\(configuration.bucket)/\(key)") else {
            throw ObjectStoreFailure(description: "\(key) makes no address")
        }
        let stamp = S3Signature.stamp(now())
        let hash = S3Signature.hash(of: body)
        let signed = headers + [("x-amz-content-sha256", hash), ("x-amz-date", stamp)]
        let signature = S3Signature(
            accessKeyId: configuration.accessKeyId, secretAccessKey: configuration.secretAccessKey,
            region: configuration.region)
        let authorization = signature.authorization(
            method: method.rawValue, path: address.path, headers: [("Host", address.hostHeader)] + signed,
            bodyHash: hash, stamp: stamp)
        do {
            return try await http.send(
                method, address, headers: signed + [("Authorization", authorization)],
                body: method == .PUT ? body : nil)
        } catch let failure as OutgoingHTTP.Failure {
            throw ObjectStoreFailure(description: "the store of files cannot be reached: \(failure)")
        }
    }

    private func refusal(_ reply: OutgoingHTTP.Reply, _ method: HTTPMethod, _ key: ObjectKey) -> ObjectStoreFailure {
        ObjectStoreFailure(description: "the store of files answered \(reply.status) to \(method) \(key)")
    }
}
