import HTTPTypes
import Protocol

/// `/v1/users/data-export`: everything held on the user, as a ZIP file of JSON and CSV.
struct DataExportRoutes: Sendable {
    let exports: DataExports

    func declare(on routes: inout RouteTable) {
        routes.add(
            .get, "/v1/users/data-export",
            "Has everything held on the user gathered; within an hour a repeat gives the same export",
            status: .accepted, RouteOptions(limit: .account), use: ask)
        routes.get("/v1/users/data-export/:id", "How an export stands, and where its file is", use: export)
        routes.get(
            "/v1/users/data-export/:id/download", "The ZIP file, for seven days",
            RouteOptions(problems: [.wrongState], limit: .account), use: download)
    }

    private func ask(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<DataExport> {
        let export = try await exports.ask(call.caller.id)
        return Answer(export, headers: [.location: "/v1/users/data-export/\(export.id)"])
    }

    private func export(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<DataExport> {
        Answer(try await exports.export(call.id("id"), of: call.caller.id))
    }

    private func download(
        _ call: Call<SignedInUser, NoQuery, NoBody>
    ) async throws -> Answer<Download<ZipMedia>> {
        let (file, name) = try await exports.file(of: call.id("id"), of: call.caller.id)
        let content = DownloadContent.stream(sizeBytes: file.sizeBytes) { writer in
            var sent = 0
            while sent < file.sizeBytes {
                let piece = try await file.read(at: sent, count: 1 << 18)
                try await writer.write(piece)
                sent += piece.count
            }
        }
        return Answer(Download(content, disposition: .attachment(filename: name)))
    }
}

/// An archive of files.
enum ZipMedia: DeclaredMedia {
    static let types = [MediaType("application/zip")]
}
