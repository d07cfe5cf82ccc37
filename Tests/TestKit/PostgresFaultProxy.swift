import Foundation
import Glibc
import Protocol
import Store
import Synchronization

/// Stands between a pool and its server and can lose one COMMIT or the answer to it (a batch of the write-behind, which is
/// a transaction in one statement, counts as one), pass nothing on, or lose the clients without telling the server.
///
/// Speaks over a unix socket on both sides; `configuration` is the server's own with the proxy's address.
package final class PostgresFaultProxy: Sendable {
    /// What happens at the next COMMIT of any connection.
    package enum Fault: Sendable {
        /// The server commits; the client's connection ends before it hears of it.
        case loseAnswer
        /// The connection ends before the server has seen the COMMIT.
        case loseCommit
    }

    package let configuration: PostgresConfiguration
    private let directory: String
    private let target: String
    private let listener: Int32
    private let fault = Mutex<Fault?>(nil)
    private let pairs = Mutex<[Pair]>([])
    private let passing = Passing()
    private let cancels = Atomic(0)

    /// Listens in front of a server that is reached by a socket in a directory.
    package init(to server: PostgresConfiguration) throws {
        guard let socketDirectory = server.host, socketDirectory.hasPrefix("/") else {
            throw StoreError.unavailable("the proxy needs a server behind a unix socket")
        }
        target = socketDirectory + "/.s.PGSQL.5432"
        directory = "/tmp/fitai-test-\(getpid())-proxy-\(UUIDv7.make())"
        guard mkdir(directory, 0o700) == 0 else { throw StoreError.unavailable("no directory for the proxy") }
        configuration = server.host(directory)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let bound = Self.withAddress(directory + "/.s.PGSQL.5432") { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 64) == 0 else { throw StoreError.unavailable("the proxy cannot listen") }
        Thread.detachNewThread { [self] in acceptAll() }
    }

    /// Arms the proxy for one COMMIT.
    package func arm(_ fault: Fault) {
        self.fault.withLock { $0 = fault }
    }

    /// Whether the COMMIT it was armed for is still to come.
    package var isArmed: Bool { fault.withLock { $0 != nil } }

    /// How often a client has asked for a statement to be stopped.
    package var cancelRequests: Int { cancels.load(ordering: .sequentiallyConsistent) }

    /// Passes nothing on in either direction, of connections old and new, until `resume`: as a server that hangs.
    package func hang() { passing.set(false) }

    package func resume() { passing.set(true) }

    /// Ends every client's side; the server's stays open, as after a network that was cut without a word.
    package func loseClients() {
        let lost = pairs.withLock { pairs in
            defer { pairs = [] }
            return pairs
        }
        for pair in lost { pair.loseClient() }
    }

    /// Stops listening; connections that are open end with their peers.
    package func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        Files.removeAll(directory)
    }

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.withAddress(target, { connect(server, $0, $1) }) == 0 else {
                Glibc.close(client)
                Glibc.close(server)
                continue
            }
            let pair = Pair(client: client, server: server)
            pairs.withLock { $0.append(pair) }
            Thread.detachNewThread { self.forwardUp(pair) }
            Thread.detachNewThread { self.forwardDown(pair) }
        }
    }

    private func forwardUp(_ pair: Pair) {
        var requests = ClientMessages()
        while let bytes = receive(pair.client) {
            passing.wait()
            requests.append(bytes)
            while let request = requests.next() {
                if request.isCancel { cancels.add(1, ordering: .sequentiallyConsistent) }
                if request.commits, let fault = fault.withLock({ $0.take() }) {
                    if fault == .loseAnswer {
                        pair.swallowAnswers()
                        send(request.bytes, to: pair.server)
                        pair.waitForSwallowed()
                    }
                    return pair.end()
                }
                send(request.bytes, to: pair.server)
            }
        }
        pair.end()
    }

    private func forwardDown(_ pair: Pair) {
        while let bytes = receive(pair.server) {
            passing.wait()
            if !pair.noteAnswer() { send(bytes, to: pair.client) }
        }
        pair.end()
    }

    private func receive(_ descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}

/// Whether bytes pass; who has some waits.
private final class Passing: Sendable {
    private let isOpen = Mutex(true)
    private let change = NSCondition()

    func set(_ open: Bool) {
        change.lock()
        isOpen.withLock { $0 = open }
        change.broadcast()
        change.unlock()
    }

    func wait() {
        change.lock()
        while !isOpen.withLock({ $0 }) { change.wait() }
        change.unlock()
    }
}

extension PostgresFaultProxy {
    /// The two sockets of one client; closed once, when both directions have ended.
    private final class Pair: Sendable {
        private struct State {
            var isSwallowing = false
            var openEnds = 2
            /// The server does not hear of its client's end.
            var keepsServer = false
        }

        let client: Int32
        let server: Int32
        private let swallowed = DispatchSemaphore(value: 0)
        private let state = Mutex(State())

        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }

        func swallowAnswers() {
            state.withLock { $0.isSwallowing = true }
        }

        /// True when the answer must not reach the client.
        func noteAnswer() -> Bool {
            let isSwallowing = state.withLock { $0.isSwallowing }
            if isSwallowing { swallowed.signal() }
            return isSwallowing
        }

        func waitForSwallowed() {
            swallowed.wait()
        }

        func loseClient() {
            state.withLock { $0.keepsServer = true }
            shutdown(client, Int32(SHUT_RDWR))
        }

        /// One direction has ended: so does the other.
        func end() {
            shutdown(client, Int32(SHUT_RDWR))
            // Its other direction goes on reading until the server ends it.
            if !state.withLock({ $0.keepsServer }) { shutdown(server, Int32(SHUT_RDWR)) }
            let isLast = state.withLock { state in
                state.openEnds -= 1
                return state.openEnds == 0
            }
            guard isLast else { return }
            Glibc.close(client)
            Glibc.close(server)
        }
    }

    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
