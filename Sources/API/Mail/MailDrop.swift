import Foundation
import NIOPosix
import Protocol

/// Writes mails as `.eml` files, mode 0600, while there is no mail server to give them to.
struct MailDrop: Sendable {
    let directory: URL

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Writes the message; the same one again replaces its file. Throws what the file system throws.
    func deliver(_ message: MailMessage) async throws {
        let data = Data(message.text.utf8)
        let (directory, id) = (directory, message.id)
        try await NIOThreadPool.singleton.runIfActive {
            let files = FileManager.default
            let privately: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            try files.createDirectory(at: directory, withIntermediateDirectories: true, attributes: privately)
            // Written aside and renamed: who waits for the file never reads half of it.
            let draft = directory.appendingPathComponent("\(id).draft")
            guard files.createFile(atPath: draft.path, contents: data, attributes: [.posixPermissions: 0o600]) else {
                throw Failure(description: "cannot write \(draft.path)")
            }
            guard rename(draft.path, directory.appendingPathComponent("\(id).eml").path) == 0 else {
                throw Failure(description: "cannot rename \(draft.path)")
            }
        }
    }
}
