import CLibpq
import Logging

/// One connection to Postgres, on a thread of its own where libpq may block.
///
/// Its statements are synchronous on that thread: code that is isolated to the connection (the closures of
/// `PostgresPool.with` and `.transaction`) runs any number of them in one hop, and nothing comes between.
/// Every statement ends by its deadline; a cancelled task's statement is stopped on the server. After both the
/// connection can be used again.
package actor PostgresConnection {
    nonisolated let executor: ThreadExecutor
    nonisolated let interrupt: Interrupt
    nonisolated let configuration: PostgresConfiguration
    nonisolated let logger: Logger

    /// Nil before `open` and after a failure that ended the connection.
    var handle: LibpqHandle?
    var statements = PreparedStatements()
    var lease: UInt64 = 0
    var leaseDeadline: ContinuousClock.Instant?
    var isInTransaction = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Makes the thread, not the connection. Throws `.unavailable` when the system gives no thread or descriptor.
    init(configuration: PostgresConfiguration, logger: Logger) throws(StoreError) {
        self.configuration = configuration
        self.logger = logger
        interrupt = try Interrupt()
        executor = try ThreadExecutor(name: "pg-connection")
    }

    /// Whether a statement can be sent, as far as is known without asking the server.
    var isOpen: Bool { handle != nil }

    func close() {
        handle = nil
        statements.forgetAll()
    }

    /// Stops what the task holding `lease` runs here, or does nothing when the lease is over.
    nonisolated func cancel(lease: UInt64) {
        interrupt.request(lease: lease)
    }
}

extension PostgresConnection {
    /// How a lease ended.
    enum LeaseOutcome<Value: Sendable>: Sendable {
        /// The server had closed the connection while it was idle; the body was not run.
        case stale
        case finished(Value, isUsable: Bool)
    }

    /// Runs `body` for the task that holds `lease`; no statement of it goes on beyond `deadline`.
    func perform<Value: Sendable>(
        lease: UInt64, deadline: ContinuousClock.Instant?,
        _ body: @Sendable (isolated PostgresConnection) -> Value
    ) -> LeaseOutcome<Value> {
        guard isAlive() else {
            close()
            return .stale
        }
        self.lease = lease
        leaseDeadline = deadline
        let value = body(self)
        endTransactionLeftOpen()
        self.lease = 0
        leaseDeadline = nil
        return .finished(value, isUsable: isOpen)
    }

    /// Sees without a round trip that the server has gone: nothing but its farewell reaches an idle connection. (A rare
    /// notice of changed settings does too, and costs no more than a new connection.)
    private func isAlive() -> Bool {
        guard let handle else { return false }
        return handle.isGood && !isReadable(handle.descriptor)
    }

    private func endTransactionLeftOpen() {
        guard let handle, handle.transaction != PQTRANS_IDLE else { return }
        rollback()
    }
}
