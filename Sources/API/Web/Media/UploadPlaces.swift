import Protocol
import Synchronization

/// Bounds how many uploads are on their way or at work at once, so that what they hold of memory and disk is bounded.
package final class UploadPlaces: Sendable {
    private let total: Int
    private let perUser: Int
    private let taken = Mutex<[UserID?: Int]>([:])

    package init(total: Int, perUser: Int) {
        self.total = total
        self.perUser = perUser
    }

    /// Takes a place until the answered value is let go. Throws `unavailable` when there is none.
    func take(_ user: UserID?) throws(Problem) -> UploadPlace {
        let isFree = taken.withLock { taken in
            guard taken[user, default: 0] < perUser, taken.values.reduce(0, +) < total else { return false }
            taken[user, default: 0] += 1
            return true
        }
        guard isFree else {
            throw Problem(.unavailable, detail: "Too many uploads at once.", retryAfterSeconds: 5)
        }
        return UploadPlace(of: user, in: self)
    }

    fileprivate func release(_ user: UserID?) {
        taken.withLock { taken in
            let rest = taken[user, default: 1] - 1
            taken[user] = rest == 0 ? nil : rest
        }
    }
}

/// One upload's place, which is free again when the last holder lets it go.
final class UploadPlace: Sendable {
    private let user: UserID?
    private let places: UploadPlaces

    fileprivate init(of user: UserID?, in places: UploadPlaces) {
        self.user = user
        self.places = places
    }

    deinit { places.release(user) }
}
