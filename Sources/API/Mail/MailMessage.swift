import Foundation
import Protocol

/// A mail as it travels: RFC 5322 headers and MIME parts, in ASCII with lines that end with CRLF.
struct MailMessage: Sendable {
    let mail: Mail
    let from: MailAddress
    /// Becomes the Message-ID, by which a mail that was sent twice is known as one.
    let id: UUIDv7
    let at: Timestamp

    /// The whole message; no header's value can break out of its line.
    var text: String {
        var lines = [
            "Date: \(MailMessage.date(at))", "From: \(sender)", "To: <\(MailMessage.plain(mail.to))>",
            "Subject: \(EncodedWords.header(mail.subject))", "Message-ID: <\(id)@\(from.domain)>",
            "MIME-Version: 1.0", "Auto-Submitted: auto-generated",
        ]
        if let html = mail.html {
            // The id is in no text of ours, so the boundary is not either.
            let boundary = "part-\(id)"
            lines += ["Content-Type: multipart/alternative; boundary=\"\(boundary)\"", ""]
            for (type, body) in [("plain", mail.text), ("html", html)] {
                lines += ["--\(boundary)"] + MailMessage.part(type, body)
            }
            lines.append("--\(boundary)--")
        } else {
            lines += MailMessage.part("plain", mail.text)
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private var sender: String {
        from.name.isEmpty ? "<\(from.address)>" : "\(EncodedWords.phrase(from.name)) <\(from.address)>"
    }

    private static func part(_ type: String, _ body: String) -> [String] {
        let body = body.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        let isPlain = body.allSatisfy {
            $0.utf8.count <= 900 && $0.utf8.allSatisfy { $0 == 9 || (32...126).contains($0) }
        }
        return [
            "Content-Type: text/\(type); charset=utf-8",
            "Content-Transfer-Encoding: \(isPlain ? "7bit" : "quoted-printable")", "",
        ] + (isPlain ? body : body.map(QuotedPrintable.line))
    }

    private static func plain(_ address: String) -> String {
        String(
            address.unicodeScalars.filter { (0x21...0x7E).contains($0.value) && $0 != "<" && $0 != ">" }.map(
                Character.init))
    }

    /// RFC 5322 in UTC, such as `Sun, 22 Nov 2026 21:10:00 +0000`.
    private static func date(_ time: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return formatter.string(from: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
    }
}

/// Text in headers that is no ASCII: encoded words (RFC 2047).
enum EncodedWords {
    /// A header's value, folded where it is long; line breaks and controls are dropped.
    static func header(_ text: String) -> String {
        let text = clean(text)
        let isPlain = text.utf8.allSatisfy { (32...126).contains($0) } && text.utf8.count <= 900 && !text.contains("=?")
        return isPlain ? text : encoded(text)
    }

    /// A display name before an address.
    static func phrase(_ text: String) -> String {
        let text = clean(text)
        let isPlain = text.utf8.allSatisfy { (32...126).contains($0) } && text.utf8.count <= 200 && !text.contains("=?")
        guard isPlain else { return encoded(text) }
        return "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    private static func clean(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.properties.generalCategory != .control }.map(Character.init))
    }

    /// Words that leave room for a header's name in 76 characters, none of which cuts a character.
    private static func encoded(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(Character(scalar)).utf8)
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}

/// Bodies that are no ASCII or have long lines: quoted-printable (RFC 2045).
enum QuotedPrintable {
    /// One line of text as lines of at most 76 characters.
    static func line(_ text: String) -> String {
        var lines = [""]
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            let isSpace = byte == 32 || byte == 9
            let isPlain = (33...126).contains(byte) && byte != UInt8(ascii: "=") || isSpace && index + 1 < bytes.count
            let piece = isPlain ? String(UnicodeScalar(byte)) : hex(byte)
            if lines[lines.count - 1].utf8.count + piece.utf8.count > 75 {
                lines[lines.count - 1] += "="
                lines.append("")
            }
            lines[lines.count - 1] += piece
        }
        return lines.joined(separator: "\r\n")
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return "=\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}
