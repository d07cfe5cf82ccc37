import HTTPTypes
import Protocol

/// A page of a few words for whoever follows a link with a browser, in the product's style. It works without scripts.
package struct LinkPage: Sendable {
    /// A button that sends the link's token to a route of ours, for what opening a link alone must not do.
    package struct Form: Sendable {
        let action: String
        let token: String
        let button: String
    }

    package let title: String
    package let paragraphs: [String]
    package let form: Form?

    package init(_ title: String, _ paragraphs: String..., form: Form? = nil) {
        self.title = title
        self.paragraphs = paragraphs
        self.form = form
    }

    /// What a problem means to a person; `advice` says what to do when the link no longer works.
    package init(_ problem: Problem, advice: String) {
        switch problem.known {
        case .linkInvalid:
            self.init(
                "This link no longer works", "It has expired, was used, or a newer one has taken its place.", advice)
        case .invalidValues:
            self.init(
                "This link is incomplete",
                "Open it from the mail again. If the mail breaks it over lines, copy all of it.", advice)
        case .tooManyRequests:
            let seconds = problem.retryAfterSeconds ?? 60
            self.init("Too many requests", "Try again in \(seconds == 1 ? "one second" : "\(seconds) seconds").")
        case .emailTaken:
            self.init(
                "Another account has this email address",
                problem.detail ?? "It was taken meanwhile, so yours was not changed.")
        case .unavailable, .internalError:
            self.init(problem.title, "Nothing was changed. Open the link again in a minute.")
        default:
            self.init(problem.title, problem.detail ?? "", advice)
        }
    }

    package var html: String {
        let words = paragraphs.filter { !$0.isEmpty }.map { "<p>\($0.htmlEscaped)</p>" }.joined(separator: "\n")
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
            <meta name="color-scheme" content="dark light">
            <meta name="referrer" content="no-referrer">
            <title>\(title.htmlEscaped) · FitAI</title>
            <link rel="icon" href="/icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/style/base.css">
            <link rel="stylesheet" href="/style/parts.css">
            <link rel="stylesheet" href="/style/pages.css">
            </head>
            <body>
            <main id="main" class="welcome">
            <section class="card stack link-page">
            <p class="brand">FitAI</p>
            <h1>\(title.htmlEscaped)</h1>
            \(words)
            \(formHTML)
            <a class="button" href="/">Go to FitAI</a>
            </section>
            </main>
            </body>
            </html>

            """
    }

    private var formHTML: String {
        guard let form else { return "" }
        return """
            <form class="stack" method="post" action="\(form.action.htmlEscaped)">
            <input type="hidden" name="token" value="\(form.token.htmlEscaped)">
            <button class="primary big" type="submit">\(form.button.htmlEscaped)</button>
            </form>
            """
    }

    /// Nothing but our own styles and icon, and no form that leads elsewhere.
    static let policy = [
        "default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'",
        "frame-ancestors 'none'",
    ].joined(separator: "; ")
}

extension HTTPFields {
    /// Whether a browser asks for something to show.
    package var acceptPages: Bool { self[.accept]?.contains("text/html") ?? false }
}
