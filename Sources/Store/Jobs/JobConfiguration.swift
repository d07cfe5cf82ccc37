/// How jobs are worked on.
package struct JobConfiguration: Sendable {
    /// Jobs that run at once in this process.
    package var workers = 4
    /// How many of the workers take jobs of low priority, which may last for minutes: the others are there for what
    /// somebody waits for.
    var patientWorkers: Int { max(1, workers / 2) }
    /// How long a job is taken without a heartbeat; a third of it lies between two.
    package var lease = Duration.seconds(60)
    /// How often workers look by themselves: for what no notification told, and for what has become due.
    package var poll = Duration.seconds(2)
    /// How long a stopping process lets its jobs go on before it gives them back.
    package var stopGrace = Duration.seconds(8)
    package var backOff = JobBackOff()
    /// 0..<1, for the pauses.
    package var jitter: @Sendable () -> Double = { Double.random(in: 0..<1) }

    package init() {}
}
