import HTTPTypes
import Protocol

/// `/v1/users/data-export`: everything held on the user, as a ZIP file of JSON and CSV.
struct DataExportRoutes: Sendable {
    let exports: DataExports

    func declare(on routes: inout RouteTable) {
        routes.add(
            .get, "/v1/users/data-export",
            "Everything held on the user as a ZIP file; of a large account a job gathers it (202). Within an hour a "
                + "repeat gives the same",
            RouteOptions(limit: .account, handlerTimeout: .seconds(30), alsoAnswers: [.accepted]), use: ask)
        routes.get(
            "/v1/users/data-export/:id", "How an export stands, and where its file is",
            RouteOptions(hasFields: true, caching: .tagged), use: export)
        routes.get(
            "/v1/users/data-export/:id/download", "The ZIP file, for seven days",
            RouteOptions(problems: [.wrongState], limit: .account), use: download)
    }

    private func ask(
        _ call: Call<SignedInUser, NoQuery, NoBody>
    ) async throws -> Answer<DownloadOrLater<ZipMedia, DataExport>> {
        switch try await exports.ask(call.caller.id) {
        case .file(let file, let name): return Answer(.download(Self.download(file, name)))
        case .waiting(let export):
            var answer = Answer<DownloadOrLater<ZipMedia, DataExport>>(
                .later(export), headers: [.location: "/v1/users/data-export/\(export.id)"])
            answer.status = .accepted
            return answer
        }
    }

    private func export(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<DataExport> {
        Answer(try await exports.export(call.id("id"), of: call.caller.id))
    }

    private func download(
        _ call: Call<SignedInUser, NoQuery, NoBody>
    ) async throws -> Answer<Download<ZipMedia>> {
        let (file, name) = try await exports.file(of: call.id("id"), of: call.caller.id)
        return Answer(Self.download(file, name))
    }

    private static func download(_ file: SpooledFile, _ name: String) -> Download<ZipMedia> {
        let content = DownloadContent.stream(sizeBytes: file.sizeBytes) { writer in
            var sent = 0
            while sent < file.sizeBytes {
                let piece = try await file.read(at: sent, count: 1 << 18)
                try await writer.write(piece)
                sent += piece.count
            }
        }
        return Download(content, disposition: .attachment(filename: name))
    }
}

/// An archive of files.
enum ZipMedia: DeclaredMedia {
    static let types = [MediaType("application/zip")]
}
