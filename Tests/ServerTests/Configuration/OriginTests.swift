import Testing

@testable import Server

@Suite("Origins")
struct OriginTests {
    @Test(
        "an origin is written as browsers send it",
        arguments: [
            ("http://LOCALHOST:8080/", "http://localhost:8080"), ("https://app.example:443", "https://app.example"),
            ("http://[::1]:80", "http://[::1]"), ("HTTPS://a.example", "https://a.example"),
        ])
    func origin(text: String, written: String) {
        #expect(Origin(text)?.description == written)
    }

    @Test(
        "what is no origin is refused",
        arguments: [
            "", "localhost", "ftp://a", "http://", "http://a/b", "http://me@a", "http://a:0", "http://a:x",
            "http://[::1",
            "http://a b", "https://ä.example",
        ])
    func noOrigin(text: String) {
        #expect(Origin(text) == nil)
    }
}
