import Testing

@testable import Server

@Suite("Origins and address blocks")
struct AddressTests {
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

    @Test(
        "a block holds exactly its addresses",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.8", false), ("10.1.128.0/17", "10.1.127.255", false), ("::1", "::1", true),
            ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe80::1", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false), ("10.0.0.0/8", "nonsense", false),
        ])
    func block(block: String, address: String, isHeld: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(address) == isHeld)
    }

    @Test(
        "what is no block is refused",
        arguments: ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host/8", "10.0.0.0/"])
    func noBlock(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
