import CLibpq
import Glibc
import Logging

extension PostgresConnection {
    /// Connects and sets the session up.
    ///
    /// Throws `.unavailable` with libpq's reason when there is no server, no such user or database, or no answer
    /// within the configured time or by `limit`.
    func open(until limit: ContinuousClock.Instant? = nil) throws(StoreError) {
        let patience = ContinuousClock.now + configuration.connectTimeout
        let handle = try connect(until: limit.map { min($0, patience) } ?? patience)
        guard PQsetnonblocking(handle.pointer, 1) == 0 else { throw .unavailable(handle.message) }
        self.handle = handle
        do {
            try setUpSession()
        } catch {
            close()
            throw error
        }
    }

    private func connect(until deadline: ContinuousClock.Instant) throws(StoreError) -> LibpqHandle {
        let handle = try start()
        var direction = PGRES_POLLING_WRITING
        while direction != PGRES_POLLING_OK {
            guard direction != PGRES_POLLING_FAILED, handle.isPossible else { throw .unavailable(handle.message) }
            let events = direction == PGRES_POLLING_READING ? Int16(POLLIN) : Int16(POLLOUT)
            guard !interrupt.isAbandoned else { throw .cancelled }
            guard let ready = pollUntil(deadline, handle.descriptor, events, wakeUp: interrupt.descriptor) else {
                throw .unavailable("no answer to the attempt to connect")
            }
            if ready.wakeUp { interrupt.clear() }
            guard ready.socket else { continue }
            direction = PQconnectPoll(handle.pointer)
        }
        return handle
    }

    private func start() throws(StoreError) -> LibpqHandle {
        // What the text says itself comes later and wins: a peer that is gone without a word is noticed within half a
        // minute, not after the two hours of the system.
        let options = [
            ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
            ("dbname", configuration.connection), ("fallback_application_name", configuration.applicationName),
            ("client_encoding", "UTF8"),
        ]
        let strings = options.map { (strdup($0.0), strdup($0.1)) }
        defer {
            strings.forEach {
                free($0.0); free($0.1)
            }
        }
        let keywords = strings.map { UnsafePointer($0.0) } + [nil]
        let values = strings.map { UnsafePointer($0.1) } + [nil]
        guard let pointer = PQconnectStartParams(keywords, values, 1) else { throw .unavailable("out of memory") }
        return LibpqHandle(pointer)
    }

    /// Sees to it that committed means on disk, and that a client that hangs or is gone does not hold locks for ever: the
    /// server notices a dead peer as soon as we do, and stops what nobody waits for.
    private func setUpSession() throws(StoreError) {
        let settings = try query(
            """
            select current_setting('synchronous_commit'),
                set_config('idle_in_transaction_session_timeout', '60s', false),
                set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false),
                set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '30s', false),
                set_config('client_connection_check_interval', '10s', false)
            """, as: (String, String, String, String, String, String, String).self)
        guard let commit = settings.first?.0 else { throw .unavailable("no settings") }
        guard !["on", "remote_apply"].contains(commit) else { return }
        logger.warning(
            "Postgres is configured to commit without waiting for the disk; this connection waits",
            metadata: ["postgres.synchronous_commit": "\(commit)"])
        try control("set synchronous_commit = on")
    }
}

extension LibpqHandle {
    fileprivate var isPossible: Bool { PQstatus(pointer) != CONNECTION_BAD && descriptor >= 0 }
}
