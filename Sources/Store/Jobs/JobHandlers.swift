import Foundation
import Protocol

/// What a handler knows of the job it runs.
package struct JobRun: Sendable {
    /// The same at every attempt: what a handler does under this id it may find done already.
    package let id: UUIDv7
    /// From 1.
    package let attempt: Int
    package let mostAttempts: Int
    package let createdAt: Timestamp

    /// Whether a failure now makes it a dead letter.
    package var isLastAttempt: Bool { attempt >= mostAttempts }
}

/// Thrown by a handler for a job that no further attempt can do: it becomes a dead letter at once.
package struct HopelessJob: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Thrown by a handler for a job whose time has not come after all: it comes again then, and the attempt does not count.
package struct JobNotYet: Error {
    package let until: Timestamp

    package init(until: Timestamp) { self.until = until }
}

/// Every kind of job with what runs it.
package struct JobHandlers: Sendable {
    typealias Handler = @Sendable (_ payload: JSONText, _ run: JobRun) async throws -> Void

    private var handlers: [String: Handler] = [:]

    package init() {}

    /// The kinds that can be run here, sorted.
    var kinds: [String] { handlers.keys.sorted() }

    /// Registers what runs the jobs of a kind; a second handler for a kind is a mistake of ours.
    ///
    /// A job may be run more than once: after a failure, and after a crash between its work and its end. The handler
    /// finds out what is done already, by its run's id or by what it reads. It is cancelled when the lease is lost
    /// and when a stopping process has waited long enough.
    package mutating func add<Payload: JobPayload>(
        _: Payload.Type = Payload.self, run: @escaping @Sendable (Payload, JobRun) async throws -> Void
    ) {
        precondition(handlers[Payload.kind] == nil, "two handlers for \(Payload.kind)")
        handlers[Payload.kind] = { text, context in
            let payload: Payload
            do {
                payload = try JSONDecoder().decode(Payload.self, from: Data(text.text.utf8))
            } catch {
                throw HopelessJob("the payload does not decode as \(Payload.self)")
            }
            try await run(payload, context)
        }
    }

    subscript(kind: String) -> Handler? { handlers[kind] }
}
