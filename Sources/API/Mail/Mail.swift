/// A mail as its reader sees it: the same in two forms.
package struct Mail: Sendable {
    package let to: String
    package let subject: String
    package let text: String
    /// Nil for mails that have no second form.
    package let html: String?

    package init(to: String, subject: String, text: String, html: String? = nil) {
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
    }
}
