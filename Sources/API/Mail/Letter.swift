import Protocol

/// What a mail says, from which both its forms are made; values are escaped where the form needs it.
package struct Letter: Sendable {
    package enum Part: Sendable {
        case paragraph(String)
        /// An address of ours, shown as a button in HTML.
        case link(label: String, url: String)
    }

    package let subject: String
    /// Who is greeted; nil at an address that may be a stranger's, who would read whatever was given as a name.
    package let name: String?
    package let parts: [Part]

    package init(subject: String, name: String?, parts: [Part]) {
        self.subject = subject
        self.name = name
        self.parts = parts
    }

    package func mail(to address: String) -> Mail { Mail(to: address, subject: subject, text: text, html: html) }

    private var greeting: String { name.map { "Hello \($0)," } ?? "Hello," }

    private var text: String {
        let body = parts.map { part in
            switch part {
            case .paragraph(let words): words
            case .link(let label, let url): "\(label):\n\(url)"
            }
        }
        return ([greeting] + body + ["FitAI"]).joined(separator: "\n\n") + "\n"
    }

    private var html: String {
        let body = parts.map { part in
            switch part {
            case .paragraph(let words): "<p>\(words.htmlEscaped)</p>"
            case .link(let label, let url):
                """
                <p><a href="\(url.htmlEscaped)" style="\(Self.button)">\(label.htmlEscaped)</a></p>
                <p style="color:#555;font-size:13px">Or open this address:<br>\(url.htmlEscaped)</p>
                """
            }
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(subject.htmlEscaped)</title></head>
            <body style="font-family:sans-serif;line-height:1.5;color:#1a1a1a;max-width:34em;margin:2em auto">
            <p>\(greeting.htmlEscaped)</p>
            \(body.joined(separator: "\n"))
            <p style="color:#555">FitAI</p>
            </body></html>
            """
    }

    private static let button =
        "background:#1a5fb4;color:#fff;padding:10px 18px;border-radius:6px;text-decoration:none"
}

extension String {
    /// Safe as HTML text and inside quoted attributes.
    package var htmlEscaped: String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
