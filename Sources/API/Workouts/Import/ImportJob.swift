import Logging
import Protocol
import Store

/// Imports a log that was too large to be imported while its sender waits.
struct ImportJob: JobPayload {
    static let kind = "workouts.import"

    let importId: WorkoutImportID
    let userId: UserID
}

/// Somebody has ended an import that was under way.
private struct ImportEnded: Error {}

extension ImportTools {
    /// Runs a job; one that was interrupted finds what it had done and goes on behind it.
    func run(_ job: ImportJob, _ run: JobRun) async throws {
        try await withTaskExecutorPreference(WorkExecutor.logsOfJobs) { try await work(on: job, run) }
    }

    private func work(on job: ImportJob, _ run: JobRun) async throws {
        guard let (options, sizeBytes) = try await store.begin(job.importId) else { return }
        let file = ImportFile(of: job.importId, sizeBytes: sizeBytes, in: store.pool)
        var work = try await ImportRun(
            self, id: job.importId, user: job.userId, options: options, at: store.now(),
            checkGoesOn: { guard try await store.isRunning(job.importId) else { throw ImportEnded() } })
        do {
            try await ImportScan.check(file, options, upTo: sizeBytes)
            try await work.run(file) { try await store.progress(job.importId, doneBytes: $0, $1) }
            try await store.finish(job.importId, doneBytes: sizeBytes, failure: nil, work.report.value)
        } catch is ImportEnded {
            // What it is told as says why.
        } catch let problem as Problem where problem.status < 500 {
            // The file is at fault: no further attempt can change that.
            let reasons = [problem.detail ?? problem.title] + problem.errors.map(\.detail)
            try await store.finish(
                job.importId, doneBytes: 0, failure: reasons.joined(separator: " "), work.report.value)
        } catch {
            guard run.isLastAttempt else { throw error }
            try await store.finish(
                job.importId, doneBytes: 0, failure: "Something went wrong.", work.report.value)
            throw error
        }
    }
}
