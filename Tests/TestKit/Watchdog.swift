/// How long tests wait for what will come.
package enum Watchdog {
    /// So long that only what never comes is given up, on however slow a machine; nothing is ever expected to take it.
    package static let patience = Duration.seconds(300)
}
