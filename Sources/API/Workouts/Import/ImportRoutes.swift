import HTTPTypes
import Protocol
import Realtime
import Store

/// `/v1/workouts/import`: training logs of Strong and Hevy.
struct ImportRoutes: Sendable {
    let tools: ImportTools
    let users: Users
    /// Files up to this size are imported while their sender waits.
    var atOnceBytes = 2 << 20
    /// Files up to this size, some hundred workouts, do not stand behind larger ones of others.
    var smallBytes = 128 << 10

    /// A file of the log's own type, or whatever a browser takes it for.
    enum Media: DeclaredMedia {
        static let types = [
            MediaType("text/csv"), MediaType("text/plain"), MediaType("application/octet-stream"),
            MediaType("application/vnd.ms-excel"),
        ]
    }

    func declare(on routes: inout RouteTable) {
        routes.post(
            "/v1/workouts/import",
            "Imports a Strong or Hevy export; a large one is worked on by a job (202), a second import changes nothing",
            RouteOptions(
                problems: [.unitRequired, .limitReached], limit: .write, isKeyed: true, bodyLimit: 64 << 20,
                bodyTimeout: .seconds(600), handlerTimeout: .seconds(60), alsoAnswers: [.accepted]),
            use: `import`)
        routes.get(
            "/v1/workouts/import/:id", "How far an import is, and its report",
            RouteOptions(hasFields: true, caching: .tagged), use: standing)
    }

    private func `import`(
        _ call: Call<SignedInUser, ImportQuery, UploadedFile<Media>>
    ) async throws -> Answer<WorkoutImport> {
        let isSmall = call.body.file.sizeBytes <= smallBytes
        return try await withTaskExecutorPreference(isSmall ? WorkExecutor.smallLogs : .logs) { try await take(call) }
    }

    private func take(
        _ call: Call<SignedInUser, ImportQuery, UploadedFile<Media>>
    ) async throws -> Answer<WorkoutImport> {
        let user = call.caller.id
        let profile = try await users.trainingProfile(of: user, at: call.seed.at)
        let options = call.query.options(zone: profile.timeZone)
        let (id, file) = (call.seed.id("import"), ImportFile(call.body.file))
        // Of a large file only the beginning is looked at now: its job looks at the rest before it changes anything.
        try await ImportScan.check(file, options, upTo: atOnceBytes)
        guard file.sizeBytes <= atOnceBytes else {
            // One that an earlier try has left with a job may be over, and another one may wait.
            let isKept = call.seed.isRetry ? try await tools.store.find(id, of: user) != nil : false
            if !isKept { try await tools.store.enqueue(id, call.body.file, options, of: user, at: call.seed.at) }
            var answer = Answer(try await found(id, of: user), headers: [.location: "/v1/workouts/import/\(id)"])
            answer.status = .accepted
            return answer
        }
        if !options.isDryRun { call.seed.noteChange() }
        var run = try await ImportRun(
            tools, id: id, user: user, options: options, at: tools.store.now(), checkGoesOn: call.checkOpen)
        do {
            try await run.run(file)
        } catch let fault as TrainingLog.Fault {
            throw ImportScan.problem(fault)
        }
        let done = WorkoutImport(
            id: id, status: .completed, isDryRun: options.isDryRun, sizeBytes: file.sizeBytes,
            doneBytes: file.sizeBytes, createdAt: call.seed.at, finishedAt: tools.store.now(), failure: nil,
            report: run.report.value)
        try await tools.store.keep(done, options, of: user)
        return Answer(done)
    }

    private func standing(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<WorkoutImport> {
        Answer(try await found(try call.id("id"), of: call.caller.id))
    }

    private func found(_ id: WorkoutImportID, of user: UserID) async throws -> WorkoutImport {
        guard let found = try await tools.store.find(id, of: user) else { throw Problem(.notFound) }
        return found
    }
}
