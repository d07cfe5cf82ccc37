import Logging

extension JobWorkers {
    private enum Ending: Sendable {
        case done
        case failed(any Error)
        case leaseLost
        case stopped
    }

    /// Runs a claimed job to one of its ends and writes down which.
    func execute(_ job: ClaimedJob) async {
        let start = ContinuousClock.now
        let ending = await ending(of: job)
        do {
            let outcome = try await settle(job, ending)
            metrics.ended(job.kind, outcome, after: start.duration(to: .now))
        } catch {
            // Its lease runs out, and then it is run again.
            logger.warning("a job's end could not be stored: \(error)", metadata: metadata(job))
        }
    }

    private func settle(_ job: ClaimedJob, _ ending: Ending) async throws -> JobMetrics.Outcome {
        switch ending {
        case .done:
            return try await leases.finish(job) ? .done : .lost
        case .leaseLost:
            logger.warning("a job's lease was lost", metadata: metadata(job))
            return .lost
        case .stopped:
            try await leases.release(job)
            return .released
        case .failed(let early as JobNotYet):
            try await leases.release(job, until: early.until)
            return .released
        case .failed(let error) where error is HopelessJob || job.run.isLastAttempt:
            try await leases.bury(job, because: JobWorkers.text(error))
            logger.error("a job has failed for good", metadata: metadata(job, error))
            return .dead
        case .failed(let error):
            let pause = configuration.backOff.pause(after: job.run.attempt, jitter: configuration.jitter())
            try await leases.postpone(job, by: pause, because: JobWorkers.text(error))
            logger.warning("a job failed and will be tried again", metadata: metadata(job, error))
            return .retried
        }
    }

    private func ending(of job: ClaimedJob) async -> Ending {
        // Workers ask only for kinds they have handlers for.
        guard let handler = handlers[job.kind] else { preconditionFailure("no handler for \(job.kind)") }
        guard job.run.attempt <= job.run.mostAttempts else {
            return .failed(HopelessJob("no attempt came to its end: the process died or hung each time"))
        }
        return await withTaskGroup(of: Ending?.self) { group in
            group.addTask {
                do {
                    try await handler(job.payload, job.run)
                    return .done
                } catch {
                    return .failed(error)
                }
            }
            group.addTask { await self.loss(of: job) }
            group.addTask { await self.stop() }
            var endings: [Ending] = []
            for await ending in group {
                group.cancelAll()
                if let ending { endings.append(ending) }
            }
            // A handler that came to its end while it was being stopped has done its work.
            let isDone = endings.contains { if case .done = $0 { true } else { false } }
            return isDone ? .done : endings.first ?? .stopped
        }
    }

    /// Keeps the lease; ends when it was lost, or with nil when cancelled.
    private func loss(of job: ClaimedJob) async -> Ending? {
        while true {
            do {
                try await Task.sleep(for: configuration.lease / 3)
                guard try await leases.extend(job) else { return .leaseLost }
            } catch {
                if Task.isCancelled { return nil }
                // Postgres is away; the next heartbeat tells whether the lease has outlived that.
            }
        }
    }

    /// Ends some time after the workers were told to stop, or with nil when cancelled.
    private func stop() async -> Ending? {
        for await _ in bell.rings() {}
        do {
            try Task.checkCancellation()
            try await Task.sleep(for: configuration.stopGrace)
            return .stopped
        } catch {
            return nil
        }
    }

    /// For the database, where a person looks for the cause.
    private static func text(_ error: any Error) -> String {
        String("\(error)".unicodeScalars.filter { $0 != "\0" }.prefix(1000).map(Character.init))
    }

    private func metadata(_ job: ClaimedJob, _ error: (any Error)? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "job.kind": "\(job.kind)", "job.id": "\(job.run.id)", "job.attempt": "\(job.run.attempt)",
        ]
        if let error { metadata["error"] = "\(error)" }
        return metadata
    }
}
