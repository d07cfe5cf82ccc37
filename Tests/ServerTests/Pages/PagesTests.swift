import Foundation
import NIOCore
import Testing

@testable import Server

@Suite("Pages")
struct PagesTests {
    /// A web directory with these files, removed afterwards.
    private func withDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "web-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }  // a leftover in /tmp fails no test
        for (path, text) in files {
            let url = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        try body(root.path)
    }

    @Test("files are served under their paths with their media types, index.html also under its directory")
    func served() throws {
        let files = [
            "index.html": "<p>", "app/main.js": "1", "app/index.html": "<i>", "data.bin": "x", "a.svg": "<svg/>",
        ]
        try withDirectory(files) { directory in
            let pages = try Pages(directory: directory)
            #expect(pages["/"]?.mediaType == "text/html; charset=utf-8")
            #expect(pages["/app/main.js"]?.mediaType == "text/javascript; charset=utf-8")
            #expect(pages["/app/"]?.body == pages["/app/index.html"]?.body)
            #expect(pages["/app"]?.body == pages["/app/index.html"]?.body)
            #expect(pages["/data.bin"]?.mediaType == "application/octet-stream")
            #expect(pages["/a.svg"]?.mediaType == "image/svg+xml")
            #expect(pages["/../index.html"] == nil)
            #expect(pages["/missing"] == nil)
        }
    }

    @Test("hidden files and links out of the directory are not served")
    func hidden() throws {
        try withDirectory(["index.html": "<p>", ".env": "secret", ".git/config": "x"]) { directory in
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/passwd", withDestinationPath: "/etc/passwd")
            let pages = try Pages(directory: directory)
            #expect(pages["/.env"] == nil)
            #expect(pages["/.git/config"] == nil)
            #expect(pages["/passwd"] == nil)
        }
    }

    @Test("the explorer is served whole or not at all")
    func explorer() throws {
        try withDirectory(["index.html": "<p>"]) { directory in
            let pages = try Pages(directory: directory)
            try withDirectory(["swagger-ui.css": "a {}"]) { half in
                #expect(pages.adding(explorer: half)["/docs/swagger-ui/swagger-ui.css"] == nil)
                #expect(pages.adding(explorer: half)["/docs/swagger-ui/"] == nil)
            }
            try withDirectory(["swagger-ui.css": "a {}", "swagger-ui-bundle.js": "1", "x.js": "2"]) { whole in
                let explorer = pages.adding(explorer: whole)
                #expect(
                    explorer["/docs/swagger-ui/swagger-ui-bundle.js"]?.mediaType.hasPrefix("text/javascript") == true)
                #expect(explorer["/docs/swagger-ui/"] != nil)
                #expect(explorer["/docs/swagger-ui/x.js"] == nil)
                #expect(explorer["/"] != nil)
            }
        }
    }

    @Test("a tag changes with the bytes alone")
    func tags() throws {
        try withDirectory(["index.html": "one", "same.html": "one", "other.html": "two"]) { directory in
            let pages = try Pages(directory: directory)
            #expect(pages["/index.html"]?.etag == pages["/same.html"]?.etag)
            #expect(pages["/index.html"]?.etag != pages["/other.html"]?.etag)
        }
    }

    @Test("a directory without index.html, or none at all, is refused by name")
    func refused() throws {
        try withDirectory(["a.css": "x"]) { directory in
            for path in [directory, directory + "/nowhere"] {
                let fault = try #require(throws: BootFault.self) { try Pages(directory: path) }
                #expect(fault.description.contains("WEB_DIR"))
            }
        }
    }
}
