import Foundation
import Protocol

/// Keeps files by key: on this machine's disk or in any S3-compatible store.
///
/// Keys are ours: path segments of `[A-Za-z0-9._-]`, none of them dots only.
package protocol ObjectStore: Sendable {
    /// Stores the bytes, in the place of what is there. Durable when it answers. Throws `ObjectStoreFailure`.
    func put(_ bytes: [UInt8], at key: ObjectKey, type: String) async throws
    /// Nil when nothing is stored there. Throws `ObjectStoreFailure`.
    func get(_ key: ObjectKey) async throws -> [UInt8]?
    /// Removes what is there, if anything is. Throws `ObjectStoreFailure`.
    func remove(_ key: ObjectKey) async throws
}

/// Where files are kept.
package enum ObjectPlace: Sendable {
    case disk(directory: URL)
    case s3(S3Configuration)

    var store: any ObjectStore {
        switch self {
        case .disk(let directory): DiskObjects(directory: directory)
        case .s3(let configuration): S3Objects(configuration: configuration, now: { .now })
        }
    }
}

/// The name of a stored file.
package struct ObjectKey: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// A key that is not made of plain segments is a mistake of ours and stops the process.
    init(_ text: String) {
        let isPlain = text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            segment.contains { $0 != "." }
                && segment.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || "-._".utf8.contains(byte)
                }
        }
        precondition(isPlain, "\(text) is no key of a stored file")
        description = text
    }
}

/// Why a file could not be stored, read or removed.
package struct ObjectStoreFailure: Error, CustomStringConvertible {
    package let description: String
}
