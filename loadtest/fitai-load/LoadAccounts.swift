import ArgumentParser
import Client
import Foundation
import Protocol

/// An account that load may use.
struct LoadAccount: Sendable {
    let userId: UserID
    let username: String
    var token: String
    /// For renewing the token; nil when the file names none.
    var refreshToken: String?
}

/// A file of accounts: one JSON object a line with userId, username, token and, when known, refreshToken.
enum LoadAccounts {
    static func read(_ path: String) throws -> [LoadAccount] {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ValidationError("\(path) cannot be read: \(error.localizedDescription)")
        }
        return try text.split(separator: "\n").enumerated().map { place, line in
            // What is no account is told by its line, whatever is wrong with it.
            let json = try? JSONReader.parse(String(line))
            guard let userId = (json?["userId"] ?? json?["id"])?.id,
                let token = (json?["token"] ?? json?["accessToken"])?.string
            else { throw ValidationError("\(path), line \(place + 1): userId or token is missing") }
            return LoadAccount(
                userId: userId, username: json?["username"]?.string ?? "", token: token,
                refreshToken: json?["refreshToken"]?.string)
        }
    }

    static func line(_ account: LoadAccount) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("userId", account.userId)
            writer.member("username", account.username)
            writer.member("token", account.token)
            writer.member("refreshToken", account.refreshToken)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension ServerAddress {
    static func argument(_ text: String) throws -> ServerAddress {
        guard let address = ServerAddress(text), !address.isEncrypted else {
            throw ValidationError("--server must be like http://127.0.0.1:8080")
        }
        return address
    }
}
