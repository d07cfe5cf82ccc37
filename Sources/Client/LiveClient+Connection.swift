import Logging
import NIOCore
import NIOPosix
import Protocol

extension LiveClient {
    /// Connects and stays connected until the task is cancelled (then it returns) or the server wants this client no
    /// more (then it throws `SignedOut` or `LiveClientError.ended`).
    public func run() async throws {
        guard !hasRun else { throw LiveClientError.alreadyRan }
        hasRun = true
        defer { ended() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepMarks() }
            defer { marksSignaller.finish() }
            try await stayConnected()
        }
    }

    private func ended() {
        hasEnded = true
        writer.finish()
        for waiter in settleWaiters { waiter.resume(throwing: LiveClientError.notConnected) }
        settleWaiters = []
    }

    private func stayConnected() async throws {
        var delay = configuration.reconnect
        var generator = SystemRandomNumberGenerator()
        var refusedToken: AccessToken?
        while !Task.isCancelled {
            tell(.connection(.connecting))
            let (end, token, lived) = try await connectOnce(refused: refusedToken)
            if lived >= .seconds(10) { delay.reset() }
            guard !Task.isCancelled else { return }
            switch end {
            case .unauthorized:
                // One refusal may be an old token; the next one, of a fresh token, is final.
                guard refusedToken == nil, token != nil else { throw finish(SignedOut(), why: "the token was refused") }
                refusedToken = token
            case .never(let why): throw finish(LiveClientError.ended(why), why: why)
            case .again(let hint, let why):
                if lived > .zero { refusedToken = nil }
                let pause = delay.next(hint, using: &generator)
                tell(.connection(.waiting(pause, why: why)))
                // Cancellation ends the wait; the loop's condition sees it.
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func finish(_ error: any Error, why: String) -> any Error {
        tell(.connection(.ended(why: why)))
        return error
    }

    /// One connection from the token to its end; `lived` is zero when it was never greeted.
    private func connectOnce(
        refused: AccessToken?
    ) async throws -> (end: ConnectionEnd, token: AccessToken?, lived: Duration) {
        let token: AccessToken
        do { token = try await tokens(refused) } catch let error as SignedOut {
            throw finish(error, why: "signed out")
        } catch { return (.again(.none, why: "no token: \(error)"), nil, .zero) }
        generation += 1
        let generation = generation
        connection = LiveConnection(generation: generation, token: token)
        let closed = loop.makePromise(of: ConnectionEnd.self)
        let channel: any Channel
        do { channel = try await connect(generation, closed) } catch {
            let end = ConnectionEnd.again(.none, why: "\(error)")
            closed.succeed(end)
            connectionEnded()
            return (end, token, .zero)
        }
        if connection?.isClosed == false { connection?.channel = channel }
        startSweeping()
        let end = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.keepTokenFresh(token, generation) }
                // The promise is only ever kept.
                let end = (try? await closed.futureResult.get()) ?? .again(.none, why: "lost")
                group.cancelAll()
                return end
            }
        } onCancel: {
            channel.writeAndFlush(MaskedFrame.close(1000), promise: nil)
            channel.close(promise: nil)
        }
        let lived = connection?.welcome == nil ? .zero : connection?.begun.duration(to: .now) ?? .zero
        connectionEnded()
        return (end, token, lived)
    }

    private func connect(_ generation: Int, _ closed: EventLoopPromise<ConnectionEnd>) async throws -> any Channel {
        let server = configuration.server
        let trust = configuration.trust
        let messageLimit = configuration.messageLimit
        return try await ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(configuration.connectTimeout.wholeMilliseconds))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try trust.secure(channel, to: server)
                    var generator = SystemRandomNumberGenerator()
                    let handshake = WebSocketHandshake(
                        .init(authority: server.authority, path: "/v1/live", subprotocol: "fitai.v1.json"),
                        using: &generator)
                    let receiver = LiveReceiver(self, generation: generation, closed: closed)
                    try channel.pipeline.syncOperations.addHandler(
                        WebSocketHandler(handshake, messageLimit: messageLimit, receiver: receiver))
                }
            }
            .connect(host: server.host, port: server.port).get()
    }

    func opened(_ channel: any Channel, generation: Int) {
        guard connection?.generation == generation, let token = connection?.token else { return }
        connection?.channel = channel
        request(.hello(token: token.text, client: configuration.client), for: .hello)
    }

    private func startSweeping() {
        let interval = TimeAmount.milliseconds(max(10, configuration.silence.wholeMilliseconds / 4))
        connection?.sweep = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            self?.assumeIsolated { $0.sweep() }
        }
    }

    func closed(_ closure: WebSocketClosure, generation: Int) -> ConnectionEnd {
        guard let connection, connection.generation == generation else { return .again(.none, why: "replaced") }
        // At once: those who wait may be what the end of this connection waits for.
        failReplies()
        return connection.end ?? ConnectionEnd(closure, hint: connection.hint)
    }

    /// Ends the connection from this side; `end` says what follows.
    func close(_ code: UInt16, _ end: ConnectionEnd) {
        guard let channel = connection?.channel, connection?.end == nil else { return }
        connection?.end = end
        channel.writeAndFlush(MaskedFrame.close(code), promise: nil)
        channel.close(promise: nil)
    }

    private func connectionEnded() {
        failReplies()
        guard let ended = connection else { return }
        connection = nil
        ended.sweep?.cancel()
        ended.pumpTimer?.cancel()
        queue.connectionEnded()
        for workout in rooms.keys { rooms[workout]?.phase = .idle }
    }

    private func failReplies() {
        let waiting = connection?.waiting ?? [:]
        connection?.waiting = [:]
        connection?.channel = nil
        connection?.isClosed = true
        for case .reply(let continuation) in waiting.values {
            continuation.resume(throwing: LiveClientError.notConnected)
        }
    }

    /// Looks after silence and the clock, some times in each silence.
    private func sweep() {
        guard let connection, connection.end == nil else { return }
        let now = ContinuousClock.now
        let silent = connection.lastHeard.duration(to: now)
        if connection.welcome == nil {
            let waited = connection.begun.duration(to: now)
            if waited > configuration.connectTimeout { close(1000, .again(.none, why: "the server did not greet")) }
        } else if silent > configuration.silence * 2 {
            close(1000, .again(.none, why: "the server fell silent"))
        } else {
            let isStale = connection.lastTime.duration(to: now) > .seconds(60)
            if silent > configuration.silence || isStale { measureClock() }
        }
    }

    func measureClock() {
        guard connection?.waiting.values.contains(where: { if case .time = $0 { true } else { false } }) == false
        else { return }
        connection?.lastTime = .now
        request(.time(t0: Timestamp.now.milliseconds), for: .time)
    }

    /// Replaces the connection's token before it expires.
    private func keepTokenFresh(_ first: AccessToken, _ generation: Int) async {
        var token = first
        while let expiresAt = token.expiresAt {
            let left = expiresAt - serverNow - configuration.tokenMargin
            do {
                try await Task.sleep(for: max(left, .seconds(1)))
                token = try await tokens(token)
                guard connection?.generation == generation else { return }
                _ = try await answer(to: .token(token.text))
            } catch let refusal as LiveClientError {
                if case .refused = refusal, connection?.generation == generation { close(1000, .unauthorized) }
                return
            } catch is SignedOut {
                if connection?.generation == generation { close(1000, .unauthorized) }
                return
            } catch {
                // No token just now (or this task is over): the present one is kept, and the server's grace with it.
                if Task.isCancelled { return }
            }
        }
    }
}
