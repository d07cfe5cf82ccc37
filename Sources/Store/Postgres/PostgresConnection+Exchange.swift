import CLibpq
import Glibc

/// What losing the connection during a statement means.
enum StatementKind {
    /// Reads only, or runs inside a transaction that has not been committed: nothing has happened.
    case harmless
    /// Changes something by itself; stopping it is possible.
    case writing
    /// COMMIT: must be neither stopped nor called failed once it is sent.
    case commit
    /// ROLLBACK and the like: harmless, and run even for a cancelled task.
    case clearing

    var isCancellable: Bool { self == .harmless || self == .writing }
}

extension PostgresConnection {
    /// Sends by `send` and takes the last answer, or the first refusal. `rows` is what a COPY that `send` begins reads.
    ///
    /// A refusal by the server is an answer, not a throw. Throws `.cancelled` and `.deadline` when the statement was
    /// stopped, `.unavailable` or `.commitUnknown` when the connection was lost; it is closed then.
    func exchange(
        _ kind: StatementKind, until deadline: ContinuousClock.Instant, rows: [UInt8]? = nil,
        _ send: (OpaquePointer) -> Int32
    ) throws(StoreError) -> LibpqResult {
        guard let handle else { throw .unavailable("the connection is closed") }
        if kind.isCancellable {
            if interrupt.isRequested(lease: lease) || interrupt.isAbandoned { throw .cancelled }
            guard deadline > .now else { throw .deadline }
        }
        guard send(handle.pointer) == 1 else { throw lose(kind, handle.message) }
        var wait = AnswerWait(limit: deadline, rows: rows)
        var answer: LibpqResult?
        var isRefused = false
        while let result = try nextResult(handle, kind, &wait) {
            guard !isRefused else { continue }
            isRefused = result.failure != nil
            answer = consume result
        }
        try finishCancel(kind, wait)
        guard handle.isGood else { throw lose(kind, handle.message) }
        guard let answer else { throw lose(kind, "no answer") }
        guard let stop = wait.stop else { return answer }
        if answer.failure?.sqlstate == "57014" { throw stop }
        // It was done before it could be stopped; but a commit that was waiting for a standby has stopped waiting.
        if kind == .writing, answer.failure == nil { throw .commitUnknown }
        return answer
    }

    /// Closes the connection and says what its loss means.
    private func lose(_ kind: StatementKind, _ reason: String, _ stop: StoreError? = nil) -> StoreError {
        close()
        switch kind {
        case .commit, .writing: return .commitUnknown
        case .harmless, .clearing: return stop ?? .unavailable(reason)
        }
    }

    private func nextResult(
        _ handle: LibpqHandle, _ kind: StatementKind, _ wait: inout AnswerWait
    ) throws(StoreError) -> LibpqResult? {
        // Once the connection is lost, PQgetResult no longer blocks and makes a result of the loss.
        while handle.isGood, PQisBusy(handle.pointer) == 1 || wait.isFlushing {
            try awaitInput(handle, kind, &wait)
        }
        guard let result = PQgetResult(handle.pointer) else { return nil }
        switch PQresultStatus(result) {
        case PGRES_COPY_IN where wait.rows != nil:
            PQclear(result)
            guard give(wait.rows.take() ?? [], to: handle) else { throw lose(kind, handle.message) }
            wait.isFlushing = true
            return try nextResult(handle, kind, &wait)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            close()
            throw .server(sqlstate: "0A000", message: "COPY without rows to copy is not supported")
        default: return LibpqResult(result)
        }
    }

    /// Puts the rows of a COPY into the buffer that is flushed from now on; false when the connection is lost.
    private func give(_ rows: [UInt8], to handle: LibpqHandle) -> Bool {
        let isGiven = rows.withUnsafeBytes { bytes in
            let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return bytes.isEmpty || PQputCopyData(handle.pointer, text, Int32(bytes.count)) == 1
        }
        return isGiven && PQputCopyEnd(handle.pointer, nil) == 1
    }

    /// Waits for the socket, a cancelled task or the deadline, and does what each of them asks for.
    private func awaitInput(
        _ handle: LibpqHandle, _ kind: StatementKind, _ wait: inout AnswerWait
    ) throws(StoreError) {
        if wait.isFlushing {
            switch PQflush(handle.pointer) {
            case 0:
                wait.isFlushing = false
                guard PQisBusy(handle.pointer) == 1 else { return }
            case 1: break
            default:
                // The server may have said why before it closed: read on, and let the answer tell.
                wait.isFlushing = false
            }
        }
        let events = Int16(POLLIN) | (wait.isFlushing ? Int16(POLLOUT) : 0)
        let ready = pollUntil(wait.limit, handle.descriptor, events, wakeUp: interrupt.descriptor)
        guard let ready else {
            guard wait.stop == nil, kind.isCancellable else {
                throw lose(kind, "no answer in time", wait.stop ?? .deadline)
            }
            stop(.deadline, handle, &wait)
            return
        }
        if ready.wakeUp {
            interrupt.clear()
            if kind.isCancellable, wait.stop == nil, interrupt.isRequested(lease: lease) || interrupt.isAbandoned {
                stop(.cancelled, handle, &wait)
            }
            // A server that hangs does not hold up a process that is on its way out; a COMMIT is waited for all the same.
            if interrupt.isAbandoned, kind != .commit { wait.limit = min(wait.limit, .now + Self.abandonedGrace) }
        }
        if ready.socket {
            // A failure shows in the connection's status, which the loop around this looks at.
            _ = PQconsumeInput(handle.pointer)
        }
    }

    /// How long an abandoned statement may take to stop.
    private static let abandonedGrace: Duration = .milliseconds(200)

    private func stop(_ reason: StoreError, _ handle: LibpqHandle, _ wait: inout AnswerWait) {
        wait.stop = reason
        wait.request = CancelRequest(handle)
        wait.limit = .now + configuration.stopGrace
    }

    /// Waits until a cancel request cannot hit a later statement any more.
    private func finishCancel(_ kind: StatementKind, _ wait: AnswerWait) throws(StoreError) {
        guard let request = wait.request, !request.isOver else { return }
        guard pollUntil(wait.limit, request.descriptor, Int16(POLLIN)) != nil else {
            throw lose(kind, "no answer in time", wait.stop)
        }
        request.finish()
    }
}

/// Where one exchange stands.
private struct AnswerWait {
    /// The deadline, or once the statement was asked to stop, the end of our patience.
    var limit: ContinuousClock.Instant
    /// What a COPY has yet to be given.
    var rows: [UInt8]?
    /// Why the statement was asked to stop.
    var stop: StoreError?
    var request: CancelRequest?
    var isFlushing = true
}
