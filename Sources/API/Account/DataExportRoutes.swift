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
            RouteOptions(problems: [.wrongState], limit: .account, mediaType: "application/zip"), use: download)
    }

    private func ask(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<DataExport> {
        let export = try await exports.ask(call.caller.id)
        return Answer(export, headers: [.location: "/v1/users/data-export/\(export.id)"])
    }

    private func export(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<DataExport> {
        Answer(try await exports.export(call.id("id"), of: call.caller.id))
    }

    private func download(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<FileOutput> {
        Answer(try await exports.file(of: call.id("id"), of: call.caller.id))
    }
}
