import API
import HTTPTypes
import Hummingbird

/// Answers GET and HEAD of the pages' files under a strict policy: nothing inline, nothing from elsewhere, no frames.
struct PagesResponder<Context: RequestContext>: HTTPResponder {
    let pages: Pages

    func respond(to request: Request, context: Context) async throws -> Response {
        guard let file = pages[request.uri.path] else {
            // The page of /docs asks whether the explorer is installed; that it is not is no error.
            let isQuestion = request.uri.path == Pages.explorerPath
            return isQuestion ? Response(status: .noContent, headers: Self.guards) : missing(request)
        }
        var headers = Self.guards
        guard request.method == .get || request.method == .head else {
            headers[.allow] = "GET, HEAD"
            return Response(status: .methodNotAllowed, headers: headers)
        }
        headers[.cacheControl] = "no-cache"
        headers[.eTag] = file.etag
        if Self.names(request.headers[.ifNoneMatch], file.etag) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = file.mediaType
        guard request.method == .get else {
            headers[.contentLength] = String(file.body.readableBytes)
            return Response(status: .ok, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.body))
    }

    /// The page that says so for a browser, nothing for others.
    private func missing(_ request: Request) -> Response {
        var headers = Self.guards
        headers[.cacheControl] = "no-store"
        guard request.method == .get, request.headers.acceptPages, let page = pages[Pages.missingPath] else {
            return Response(status: .notFound, headers: headers)
        }
        headers[.contentType] = page.mediaType
        return Response(status: .notFound, headers: headers, body: ResponseBody(byteBuffer: page.body))
    }

    private static var guards: HTTPFields {
        [
            .contentSecurityPolicy: [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
                "font-src 'self'",
                "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ].joined(separator: "; "),
            .xContentTypeOptions: "nosniff",
            .referrerPolicy: "same-origin",
            .crossOriginOpenerPolicy: "same-origin",
            .crossOriginResourcePolicy: "same-origin",
            .permissionsPolicy: "camera=(), geolocation=(), microphone=(), payment=()",
        ]
    }

    /// Whether an If-None-Match names this tag, weak or strong.
    private static func names(_ header: String?, _ etag: String) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { part in
            let tag = part.trimmingSpaces()
            return tag == "*" || tag == etag || tag == "W/" + etag
        }
    }
}

extension HTTPField.Name {
    // Tokens known to be valid names.
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let permissionsPolicy = HTTPField.Name("Permissions-Policy")!
    static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
}
