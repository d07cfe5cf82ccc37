import CoreMetrics

/// What the socket counts, over all event loops.
struct SocketMetrics: Sendable {
    private let connections = Meter(label: "fitai_connections")
    private let framesSent = Counter(label: "fitai_frames_sent_total")
    private let bytesSent = Counter(label: "fitai_socket_bytes_sent_total")
    private let messagesReceived = Counter(label: "fitai_messages_received_total")
    private let slowWatchers = Counter(label: "fitai_slow_watchers_total")
    private let refusedUpgrades = Counter(label: "fitai_upgrades_refused_total")

    private let crowdedAddresses = Counter(label: "fitai_connections_refused_by_address_total")

    func open(_ count: Int) { connections.set(Double(count)) }

    func sent(frames: Int, bytes: Int) {
        framesSent.increment(by: frames)
        bytesSent.increment(by: bytes)
    }

    func received() { messagesReceived.increment() }

    func slowWatcher() { slowWatchers.increment() }

    func refusedByAddress() { crowdedAddresses.increment() }

    func refusedUpgrade() { refusedUpgrades.increment() }

    func closed(_ code: UInt16) {
        Counter(label: "fitai_socket_closes_total", dimensions: [("code", String(code))]).increment()
    }
}
