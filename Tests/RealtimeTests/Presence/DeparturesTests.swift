import NIOCore
import Protocol
import Testing

@testable import Realtime

@Suite("The grace of who leaves")
struct DeparturesTests {
    private func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1_000_000_000)) }

    @Test("counts from the last departure, and who is back was not away")
    func lastDeparture() {
        let (ada, ben) = (UserID.make(), UserID.make())
        var departures = Departures()
        departures.left(ada, until: time(10))
        departures.left(ben, until: time(10.5))
        departures.cameBack(ada)
        departures.left(ada, until: time(19.9))
        #expect(departures.next == time(10))
        var gone = departures.gone(at: time(10.5))
        #expect(gone == [ben])
        gone = departures.gone(at: time(19.8))
        #expect(gone.isEmpty && departures.next == time(19.9))
        gone = departures.gone(at: time(20))
        #expect(gone == [ada] && departures.next == nil)
        departures.left(ada, until: time(30))
        departures.cameBack(ada)
        gone = departures.gone(at: time(31))
        #expect(gone.isEmpty)
    }
}
