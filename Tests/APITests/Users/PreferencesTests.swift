import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Preferences")
struct PreferencesTests {
    private static let path = "/v1/users/preferences"

    private func change(_ user: TestUser, _ text: String) async throws -> RESTAnswer {
        try await user.client.send("PUT", Self.path, text: text)
    }

    @Test("they begin with everything in the app, little by mail, and workouts for friends")
    func defaults() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.get(Self.path)
            #expect(answer.text.contains(#""quietHours":null"#))
            let preferences: Preferences = try answer.decoded()
            #expect(preferences.privacy == Privacy())
            #expect(preferences.privacy.profile == .public)
            #expect(preferences.privacy.workouts == .friends)
            #expect(preferences.unit == .metric)
            #expect(Set(preferences.notifications.keys) == Set(NotificationKind.allCases.map(\.rawValue)))
            #expect(preferences.notifications.values.allSatisfy { $0.inApp })
            let mailed = preferences.notifications.filter(\.value.email).keys.sorted()
            #expect(mailed == ["challengeInvite", "friendRequest", "moderation", "reportReady"])
            #expect(!preferences.reminders.isOn)
        }
    }

    @Test("every member can be changed, what is left out stays, and all of it is read again")
    func everyMember() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let all = """
                {"unit": "imperial",
                 "notifications": {"like": {"inApp": false, "email": true}, "friendRequest": {"email": false}},
                 "quietHours": {"from": "22:30", "to": "06:00"},
                 "reminders": {"isOn": true, "at": "07:05", "days": ["sunday", "monday"]},
                 "privacy": {"profile": "friends", "workouts": "public", "live": "private", "heartRate": "friends",
                     "boards": "private", "achievements": {"isShared": false, "audience": "public"},
                     "isDiscoverable": false}}
                """
            let answer = try await change(ada, all)
            #expect(answer.status == 200)
            let changed: Preferences = try answer.decoded()
            #expect(changed.notifications["like"] == NotificationChannels(inApp: false, email: true))
            #expect(changed.notifications["friendRequest"] == NotificationChannels(inApp: true, email: false))
            #expect(changed.notifications["comment"] == NotificationChannels(inApp: true, email: false))
            #expect(changed.quietHours?.from.description == "22:30")
            #expect(changed.reminders.days == [.monday, .sunday])
            #expect(
                changed.privacy
                    == Privacy(
                        profile: .friends, workouts: .public, live: .private, heartRate: .friends, boards: .private,
                        achievements: .init(isShared: false, audience: .public), isDiscoverable: false))
            #expect(try await ada.client.get(Self.path).decoded(as: Preferences.self) == changed)
            #expect(try await ada.client.get("/v1/users/profile").decoded(as: Profile.self).unit == .imperial)
            #expect(try await change(ada, "{}").decoded(as: Preferences.self) == changed)
            let some = #"{"quietHours": null, "privacy": {"achievements": {"isShared": true}}}"#
            let later: Preferences = try await change(ada, some).decoded()
            #expect(later.quietHours == nil)
            #expect(later.privacy.achievements == .init(isShared: true, audience: .public))
            #expect(later.privacy.boards == .private)
        }
    }

    @Test("every fault of a body is told, and nothing of it is kept")
    func faults() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let before: Preferences = try await ada.client.get(Self.path).decoded()
            let bad = """
                {"unit": "stone", "notifications": {"like": {"inApp": "no"}, "badge": null, "record": 3},
                 "quietHours": {"from": "24:00"}, "reminders": {"at": "7:00", "days": ["monday", "monday", "funday"]},
                 "privacy": {"profile": "everybody", "workouts": null, "live": "private", "boards": 1,
                     "achievements": {"isShared": null, "audience": "nobody"}, "isDiscoverable": "yes"}}
                """
            let answer = try await change(ada, bad)
            #expect(answer.status == 422)
            #expect(
                Set(try answer.problem.errors.map(\.pointer)) == [
                    "/unit", "/notifications/like/inApp", "/notifications/badge", "/notifications/record",
                    "/quietHours/from", "/quietHours/to", "/reminders/at", "/reminders/days/1", "/reminders/days/2",
                    "/privacy/profile", "/privacy/workouts", "/privacy/boards", "/privacy/achievements/isShared",
                    "/privacy/achievements/audience", "/privacy/isDiscoverable",
                ])
            #expect(try await ada.client.get(Self.path).decoded(as: Preferences.self) == before)
        }
    }

    @Test(
        "quiet hours take minutes of a day that differ",
        arguments: [
            (#"{"from": "00:00", "to": "23:59"}"#, 200), (#"{"from": "23:59", "to": "00:00"}"#, 200),
            (#"{"from": "22:00", "to": "22:00"}"#, 422), (#"{"from": "22:60", "to": "07:00"}"#, 422),
            (#"{"from": "-1:00", "to": "07:00"}"#, 422), (#"{"from": "٢٢:00", "to": "07:00"}"#, 422),
            (#"{"from": "22:00:00", "to": "07:00"}"#, 422), (#"{"from": 22, "to": 7}"#, 422), ("[]", 422), ("{}", 422),
        ])
    func quietHours(value: String, status: Int) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await change(ada, #"{"quietHours": \#(value)}"#).status == status)
        }
    }

    @Test("reminders need a day", arguments: [(#"[]"#, 422), (#"["monday"]"#, 200)])
    func reminderDays(days: String, status: Int) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await change(ada, #"{"reminders": {"days": \#(days)}}"#).status == status)
        }
    }

    @Test("of two changes that name the same version one is refused")
    func concurrent() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let tag = try #require(try await ada.client.get(Self.path)[header: "etag"])
            let match = [("If-Match", tag)]
            async let first = ada.client.send("PUT", Self.path, text: #"{"unit": "imperial"}"#, headers: match)
            async let second = ada.client.send(
                "PUT", Self.path, text: #"{"privacy": {"boards": "private"}}"#, headers: match)
            #expect(try await [first.status, second.status].sorted() == [200, 412])
            #expect(try await ada.client.get(Self.path, headers: [("If-None-Match", tag)]).status == 200)
            let now = try #require(try await ada.client.get(Self.path)[header: "etag"])
            #expect(try await ada.client.get(Self.path, headers: [("If-None-Match", now)]).status == 304)
        }
    }

    @Test("preferences are for their owner alone")
    func ownerOnly() async throws {
        try await RESTServer.run { server in
            let read = try await server.client.get(Self.path)
            let changed = try await server.client.send("PUT", Self.path, text: "{}")
            #expect([read.status, changed.status] == [401, 401])
        }
    }

    @Test(
        "a profile shows its names to everyone and the rest to its audience",
        arguments: [(Audience.public, true, true), (.friends, true, false), (.private, false, false)])
    func profileAudience(audience: Audience, friendSees: Bool, strangerSees: Bool) async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let eve = try await server.user("eve")
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            let body = #"{"bio": "lifts", "gym": "Iron House", "experience": "elite", "trainingGoals": ["strength"]}"#
            _ = try await ada.client.send("PUT", "/v1/users/profile", text: body)
            _ = try await change(ada, #"{"privacy": {"profile": "\#(audience.rawValue)"}}"#)
            for (viewer, sees) in [(ada, true), (bob, friendSees), (eve, strangerSees)] {
                let answer = try await viewer.client.get("/v1/users/\(ada.id)")
                let profile: PublicProfile = try answer.decoded()
                #expect(profile.username == "ada")
                #expect(profile.displayName == "Ada")
                #expect(profile.isRestricted == !sees)
                #expect(profile.bio == (sees ? "lifts" : nil))
                #expect(profile.gym == (sees ? "Iron House" : nil))
                #expect((profile.experience == .elite) == sees)
                #expect((profile.trainingGoals == [.strength]) == sees)
                #expect((profile.createdAt != nil) == sees)
            }
        }
    }

    @Test("who may watch a running workout may not see it once it has ended, unless workouts are shown to them")
    func workoutAudience() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let eve = try await server.user("eve")
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            _ = try await change(ada, #"{"privacy": {"live": "public", "workouts": "friends"}}"#)
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let path = "/v1/workouts/\(workout.id)"
            #expect(try await eve.client.get(path).status == 200)
            #expect(try await ada.client.send("POST", "\(path)/complete").status == 200)
            #expect(try await eve.client.get(path).status == 404)
            #expect(try await bob.client.get(path).status == 200)
            _ = try await change(ada, #"{"privacy": {"workouts": "private"}}"#)
            #expect(try await bob.client.get(path).status == 404)
            #expect(try await ada.client.get(path).status == 200)
            _ = try await change(ada, #"{"privacy": {"workouts": "public", "live": "private"}}"#)
            #expect(try await eve.client.get(path).status == 200)
            _ = try await ada.client.send("PUT", path, text: #"{"visibility": "friends"}"#)
            #expect(try await eve.client.get(path).status == 404)
            #expect(try await bob.client.get(path).status == 200)
        }
    }
}
