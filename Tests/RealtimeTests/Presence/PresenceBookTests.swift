import Protocol
import Testing

@testable import Realtime

struct PresenceBookTests {
    private let ada = Member(userId: .make(), name: "Ada")
    private let ben = Member(userId: .make(), name: "Ben")
    private let cy = Member(userId: .make(), name: "Cy")

    /// Ben and Cy are online and Ada's friends; Ada is away.
    private func book() -> PresenceBook {
        var book = PresenceBook()
        _ = book.arrived(ben, friends: [ada], preference: .friends, on: 1)
        _ = book.arrived(cy, friends: [ada], preference: .friends, on: 2)
        return book
    }

    private func news(to reader: Member, _ status: FriendStatus) -> PresenceBook.News {
        PresenceBook.News(reader: reader.userId, presence: FriendPresence(ada, status))
    }

    @Test("friends hear of a workout that starts while the athlete is away, but not who was removed from it")
    func running() {
        var book = book()
        let workout = WorkoutID.make()
        let running = RunningWorkout(audience: .public, removedWatchers: [cy.userId])
        let told = book.setRunning(workout, of: ada.userId, running, preference: .friends)
        #expect(told == [news(to: ben, FriendStatus(isOnline: false, live: workout))])
        #expect(book.status(of: ada.userId, for: cy.userId) == .hidden)
        let removed = RunningWorkout(audience: .public, removedWatchers: [ben.userId, cy.userId])
        let taken = book.setRunning(workout, of: ada.userId, removed, preference: .friends)
        #expect(taken == [news(to: ben, .hidden)])
    }

    @Test(
        "what a friend may know follows from the preference and the workout's own narrowing",
        arguments: Audience.allCases, Audience.allCases)
    func decision(_ preference: Audience, _ narrowing: Audience) {
        var book = book()
        let workout = WorkoutID.make()
        _ = book.arrived(ada, friends: [ben, cy], preference: .public, on: 3)
        _ = book.setRunning(
            workout, of: ada.userId, RunningWorkout(audience: narrowing, removedWatchers: []), preference: .public)
        _ = book.setPreference(preference, of: ada.userId)
        let expected = FriendStatus(
            isOnline: preference != .private,
            live: preference != .private && narrowing != .private ? workout : nil)
        #expect(book.status(of: ada.userId, for: ben.userId) == expected)
    }

    @Test("who comes back within the grace never left; who does not is told of once")
    func grace() {
        var book = book()
        let online = FriendStatus(isOnline: true, live: nil)
        let came = book.arrived(ada, friends: [ben, cy], preference: .friends, on: 3).news
            .filter { $0.reader != ada.userId }
        #expect(Set(came) == [news(to: ben, online), news(to: cy, online)])
        var isLast = book.left(ada.userId, on: 3)
        #expect(isLast)
        let cameBack = book.arrived(ada, friends: [ben, cy], preference: .friends, on: 4).news
        var left = book.leave(ada.userId)
        #expect(cameBack.isEmpty && left.isEmpty)
        isLast = book.left(ada.userId, on: 4)
        left = book.leave(ada.userId)
        #expect(isLast && Set(left) == [news(to: ben, .hidden), news(to: cy, .hidden)])
        left = book.leave(ada.userId)
        #expect(left.isEmpty)
    }

    @Test("a friendship that begins shows both, one that ends hides both, and a hidden account is seen by nobody")
    func relations() {
        var book = PresenceBook()
        _ = book.arrived(ada, friends: [], preference: .friends, on: 1)
        _ = book.arrived(ben, friends: [], preference: .friends, on: 2)
        let online = FriendStatus(isOnline: true, live: nil)
        let seesBen = PresenceBook.News(reader: ada.userId, presence: FriendPresence(ben, online))
        var told = book.relate(ada, ben, areFriends: true)
        #expect(Set(told) == [news(to: ben, online), seesBen])
        told = book.relate(ada, ben, areFriends: true)
        #expect(told.isEmpty)
        let losesBen = PresenceBook.News(reader: ada.userId, presence: FriendPresence(ben, .hidden))
        told = book.relate(ada, ben, areFriends: false)
        #expect(Set(told) == [news(to: ben, .hidden), losesBen])
        _ = book.relate(ada, ben, areFriends: true)
        told = book.hide(ada)
        #expect(told.contains(news(to: ben, .hidden)))
        #expect(book.friends(of: ben.userId).isEmpty && book.friends(of: ada.userId).isEmpty)
    }
}
