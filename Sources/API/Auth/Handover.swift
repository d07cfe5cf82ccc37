import Protocol
import Store

/// What becomes of an account whose address nobody had verified when the address's owner took it over, by a new password
/// or by a sign-in elsewhere.
///
/// Whoever registered it may have been somebody else, so nothing that was decided there is taken for the owner's decision.
/// An owner who only forgot the password cannot be told apart and loses the same; no training and no text is deleted.
enum Handover {
    /// Undoes what was decided, inside the transaction that hands the account over.
    ///
    /// - Who sees what: nobody sees more than a new account shows, and nobody but its owner sees the profile.
    /// - People: the account's blocks, friendships, requests and rejections end. What others decided stays: their blocks of
    ///   it, their rejections, and their requests, which the owner may answer.
    /// - Training: workouts so far, running ones too, are closed to everybody else, and templates become private. Imports
    ///   that are under way end where they are.
    static func undoDecisions(in user: UserID, at time: Timestamp, on connection: isolated PostgresConnection) throws {
        try narrowPrivacy(of: user, on: connection)
        try connection.execute("delete from blocks where blocker = \(user)")
        try connection.execute(
            """
            delete from friendships
            where (low = \(user) or high = \(user))
              and (state = 'friends' or (state = 'requested' and requested_by = \(user))
                or (state = 'declined' and requested_by <> \(user)))
            """)
        try ImportStore.endAll(
            of: user, because: "The account came to the owner of its address meanwhile.", at: time, on: connection)
        try connection.execute("update workouts set is_closed = true where user_id = \(user) and not is_closed")
        try connection.execute(
            """
            update templates set visibility = 'private', featured_at = null, changed_at = \(time)
            where owner = \(user) and visibility <> 'private'
            """)
    }

    private static func narrowPrivacy(of user: UserID, on connection: isolated PostgresConnection) throws {
        let before = try connection.first(
            "select workouts_audience, live_audience, boards_audience, achievements_audience from users where id = \(user)",
            as: (Audience, Audience, Audience, Audience).self)
        guard let (workouts, live, boards, achievements) = before else { return }
        let fresh = Privacy()
        try connection.execute(
            """
            update users set profile_audience = \(Audience.private),
                workouts_audience = \(min(workouts, fresh.workouts)), live_audience = \(min(live, fresh.live)),
                heart_rate_audience = \(fresh.heartRate), boards_audience = \(min(boards, fresh.boards)),
                achievements_audience = \(min(achievements, fresh.achievements.audience))
            where id = \(user)
            """)
    }
}
