import Dispatch
import Synchronization

extension PostgresPool {
    /// Lends a connection to a body that throws nothing but `StoreError`.
    func leased<Value: Sendable>(
        _ body: @Sendable (isolated PostgresConnection) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = try await leasing(nil) { connection -> Result<Value, StoreError> in
            do throws(StoreError) {
                return .success(try body(connection))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Lends a connection, with the calling task's cancellation reaching the statement under way.
    func leasing<Value: Sendable>(
        _ deadline: Duration?, _ body: @Sendable (isolated PostgresConnection) -> Value
    ) async throws(StoreError) -> Value {
        let limit = deadline.map { ContinuousClock.now + $0 }
        while true {
            let (connection, lease) = try await acquire(until: limit)
            defer { state.withLock { $0.end(lease: lease) } }
            let outcome = await withTaskCancellationHandler {
                await connection.perform(lease: lease, deadline: limit, body)
            } onCancel: {
                connection.cancel(lease: lease)
            }
            switch outcome {
            case .stale: giveUpSlot()
            case .finished(let value, let isUsable):
                if isUsable { await giveBack(connection) } else { giveUpSlot() }
                return value
            }
        }
    }

    /// A connection that is open as far as is known, with the number of its lease.
    private func acquire(
        until limit: ContinuousClock.Instant?
    ) async throws(StoreError) -> (PostgresConnection, UInt64) {
        let lease = state.withLock { $0.nextLease() }
        switch await grant(lease: lease, until: limit) {
        case .connection(let connection):
            lend(connection, lease)
            return (connection, lease)
        case .refused(let error): throw error
        case .slot:
            do {
                let connection = try PostgresConnection(configuration: configuration, logger: logger)
                lend(connection, lease)
                try await connection.open(until: limit)
                return (connection, lease)
            } catch {
                state.withLock { $0.end(lease: lease) }
                giveUpSlot()
                throw error
            }
        }
    }

    private func lend(_ connection: PostgresConnection, _ lease: UInt64) {
        if state.withLock({ $0.lend(connection, lease: lease) }) { connection.interrupt.abandon() }
    }

    private func grant(lease: UInt64, until limit: ContinuousClock.Instant?) async -> PoolState.Grant {
        if case .granted(let grant) = state.withLock({ $0.demand() }) { return grant }
        let patience = ContinuousClock.now + configuration.leaseTimeout
        let deadline = limit.map { min($0, patience) } ?? patience
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wait(PoolState.Waiter(id: lease, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            let waiter = state.withLock { $0.remove(lease) }
            waiter?.continuation.resume(returning: .refused(.cancelled))
        }
    }

    /// Puts a waiter in line, unless something has become free meanwhile.
    private func wait(_ waiter: PoolState.Waiter) {
        let (grant, sweep) = state.withLock { state -> (PoolState.Grant?, ContinuousClock.Instant?) in
            switch state.demand() {
            case .granted(let grant): (grant, nil)
            case .wait: (nil, state.enqueue(waiter))
            }
        }
        if let grant { waiter.continuation.resume(returning: grant) }
        if let sweep { scheduleSweep(at: sweep) }
        // A cancellation before the waiter stood in line has found nobody to wake.
        if grant == nil, Task.isCancelled, let cancelled = state.withLock({ $0.remove(waiter.id) }) {
            cancelled.continuation.resume(returning: .refused(.cancelled))
        }
    }

    private func scheduleSweep(at instant: ContinuousClock.Instant) {
        let delay = max(ContinuousClock.now.duration(to: instant), .zero)
        let nanoseconds = delay.components.seconds * 1_000_000_000 + delay.components.attoseconds / 1_000_000_000
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds))) { [weak self] in
            self?.sweep()
        }
    }

    private func sweep() {
        let (expired, next) = state.withLock { $0.expire(at: .now) }
        for waiter in expired {
            waiter.continuation.resume(returning: .refused(.unavailable("no connection became free in time")))
        }
        if let next { scheduleSweep(at: next) }
    }

    private func giveBack(_ connection: PostgresConnection) async {
        let (waiter, mustClose) = state.withLock { $0.giveBack(connection) }
        if mustClose {
            await connection.close()
            giveUpSlot()
        } else {
            waiter?.continuation.resume(returning: .connection(connection))
        }
    }

    private func giveUpSlot() {
        let (waiter, empty) = state.withLock { $0.giveUpSlot() }
        waiter?.continuation.resume(returning: .slot)
        for continuation in empty { continuation.resume() }
    }
}
