import API
import Protocol
import Realtime
import Store
import TestKit
import Testing

@Suite("Friends and blocks")
struct SocialTests {
    private func ask(_ user: TestUser, _ other: TestUser) async throws -> RESTAnswer {
        try await user.client.post("/v1/users/friends/request", FriendRequestBody(userId: other.id))
    }

    private func answer(
        _ user: TestUser, _ other: TestUser, _ action: FriendAnswerBody.Action
    ) async throws -> RESTAnswer {
        try await user.client.put("/v1/users/friends/\(other.id)", FriendAnswerBody(action: action))
    }

    private func friends(of user: TestUser) async throws -> [UserID] {
        try await user.client.get("/v1/users/friends").decoded(as: Page<Friend>.self).items.map(\.user.id)
    }

    @Test("a request that is accepted makes friends, and the live side hears of it")
    func accepted() async throws {
        let (changes, tell) = AsyncStream.makeStream(of: [UserID].self, bufferingPolicy: .bufferingNewest(4))
        let hooks = LiveHooks(relationChanged: { first, second in tell.yield([first, second].sorted()) })
        try await RESTServer.run(live: hooks) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let asked = try await ask(ada, bob)
            #expect(asked.status == 201)
            #expect(try asked.decoded(as: Friendship.self).state == .requested)
            let requests: Page<FriendRequest> = try await bob.client.get("/v1/users/friends/requests").decoded()
            #expect(requests.items.map(\.direction) == [.incoming])
            #expect(requests.items.map(\.user.id) == [ada.id])
            let accepted = try await answer(bob, ada, .accept)
            #expect(try accepted.decoded(as: Friendship.self).state == .friends)
            var iterator = changes.makeAsyncIterator()
            #expect(await iterator.next() == [ada.id, bob.id].sorted())
            #expect(try await friends(of: ada) == [bob.id])
            #expect(try await friends(of: bob) == [ada.id])
            let relation = try await Relations(pool: server.pool).relation(of: ada.id, to: bob.id)
            #expect(relation == .friend)
        }
    }

    @Test("a crossing request makes both friends")
    func crossing() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await ask(ada, bob)
            #expect(try await ask(bob, ada).decoded(as: Friendship.self).state == .friends)
            #expect(try await friends(of: ada) == [bob.id])
        }
    }

    @Test("two requests that cross at the same moment end in one friendship")
    func simultaneous() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            for _ in 0..<5 {
                async let first = ask(ada, bob)
                async let second = ask(bob, ada)
                let statuses = try await [first.status, second.status]
                #expect(statuses == [201, 201])
                #expect(try await friends(of: ada) == [bob.id])
                #expect(try await ada.client.delete("/v1/users/friends/\(bob.id)").status == 204)
            }
        }
    }

    @Test("a rejected request may be repeated after 30 days, by the other side at once")
    func rejected() async throws {
        try await RESTServer.run(adjust: {
            $0.accessTokenLifetime = .seconds(40 * 24 * 3600)
            $0.refreshTokenLifetime = .seconds(40 * 24 * 3600)
        }) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await ask(ada, bob)
            #expect(try await answer(bob, ada, .reject).decoded(as: Friendship.self).state == .rejected)
            let tooSoon = try await ask(ada, bob)
            #expect(tooSoon.status == 409)
            #expect(tooSoon.code == "requestTooSoon")
            server.clock.advance(by: .seconds(30 * 24 * 3600))
            #expect(try await ask(ada, bob).status == 201)
            _ = try await answer(bob, ada, .reject)
            #expect(try await ask(bob, ada).status == 201)
        }
    }

    @Test(
        "a block that is taken back does not shorten the wait after a rejection, whoever of the two blocks",
        arguments: [0, 1])
    func blockedAfterRejection(blocker: Int) async throws {
        try await RESTServer.run(adjust: {
            $0.accessTokenLifetime = .seconds(40 * 24 * 3600)
            $0.refreshTokenLifetime = .seconds(40 * 24 * 3600)
        }) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await ask(ada, bob)
            _ = try await answer(bob, ada, .reject)
            let (first, second) = blocker == 0 ? (ada, bob) : (bob, ada)
            #expect(try await first.client.send("POST", "/v1/users/\(second.id)/block").status == 204)
            #expect(try await first.client.delete("/v1/users/\(second.id)/block").status == 204)
            #expect(try await ask(ada, bob).code == "requestTooSoon")
            server.clock.advance(by: .seconds(30 * 24 * 3600))
            #expect(try await ask(ada, bob).status == 201)
        }
    }

    @Test("what does not fit the state is refused")
    func refusals() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let carl = try await server.user("carl", isVerified: false)
            #expect(try await ask(ada, ada).status == 422)
            #expect(try await ask(carl, ada).code == "emailUnverified")
            let unknown = FriendRequestBody(userId: .make())
            #expect(try await ada.client.post("/v1/users/friends/request", unknown).status == 404)
            let malformed = try await ada.client.send(
                "POST", "/v1/users/friends/request", text: #"{"userId": "7"}"#)
            #expect(malformed.status == 422)
            #expect(try await answer(ada, bob, .accept).status == 404)
            _ = try await ask(ada, bob)
            #expect(try await ask(ada, bob).code == "requestPending")
            #expect(try await answer(ada, bob, .accept).status == 404)
            _ = try await answer(bob, ada, .accept)
            #expect(try await answer(bob, ada, .accept).status == 200)
            #expect(try await ask(ada, bob).code == "alreadyFriends")
            let odd = try await ada.client.send("PUT", "/v1/users/friends/\(bob.id)", text: #"{"action": "maybe"}"#)
            #expect(odd.status == 422)
        }
    }

    @Test("a request can be withdrawn and a friendship ended, each once")
    func ended() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await ask(ada, bob)
            #expect(try await bob.client.delete("/v1/users/friends/\(ada.id)").status == 404)
            #expect(try await ada.client.delete("/v1/users/friends/\(bob.id)").status == 204)
            #expect(try await ada.client.delete("/v1/users/friends/\(bob.id)").status == 404)
            #expect(try await ask(ada, bob).status == 201)
        }
    }

    @Test("a block ends the friendship and makes both unknown to each other until it is taken back")
    func block() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await ask(ada, bob)
            _ = try await answer(bob, ada, .accept)
            for _ in 0..<2 { #expect(try await ada.client.send("POST", "/v1/users/\(bob.id)/block").status == 204) }
            #expect(try await friends(of: bob).isEmpty)
            #expect(try await ask(bob, ada).status == 404)
            #expect(try await ask(ada, bob).status == 404)
            let relations = Relations(pool: server.pool)
            #expect(try await relations.relation(of: bob.id, to: ada.id) == .blocked)
            #expect(try await relations.relation(of: ada.id, to: bob.id) == .blocked)
            let blocked: Page<BlockedUser> = try await ada.client.get("/v1/users/blocked").decoded()
            #expect(blocked.items.map(\.user.id) == [bob.id])
            #expect(try await bob.client.get("/v1/users/blocked").decoded(as: Page<BlockedUser>.self).items.isEmpty)
            for _ in 0..<2 { #expect(try await ada.client.delete("/v1/users/\(bob.id)/block").status == 204) }
            #expect(try await relations.relation(of: ada.id, to: bob.id) == .stranger)
            #expect(try await ask(bob, ada).status == 201)
        }
    }

    @Test("who is blocked finds nobody to block back, and of two old blocks the first one counts")
    func blockedBlocker() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            func blocked(by user: TestUser) async throws -> [UserID] {
                try await user.client.get("/v1/users/blocked").decoded(as: Page<BlockedUser>.self).items.map(\.user.id)
            }
            #expect(try await ada.client.send("POST", "/v1/users/\(bob.id)/block").status == 204)
            let unknown = try await bob.client.send("POST", "/v1/users/\(UserID.make())/block")
            let back = try await bob.client.send("POST", "/v1/users/\(ada.id)/block")
            #expect(back.status == 404 && back.code == unknown.code)
            #expect(try await blocked(by: bob).isEmpty)
            try await server.pool.execute(
                """
                insert into blocks (blocker, blocked, blocked_at)
                select blocked, blocker, blocked_at + interval '1 second' from blocks
                """)
            #expect(try await blocked(by: bob).isEmpty)
            #expect(try await blocked(by: ada) == [bob.id])
            #expect(try await ada.client.send("POST", "/v1/users/\(bob.id)/block").status == 204)
            #expect(try await ada.client.delete("/v1/users/\(bob.id)/block").status == 204)
            #expect(try await blocked(by: bob) == [ada.id])
        }
    }

    @Test("nobody blocks themselves or someone unknown")
    func blockRefusals() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.send("POST", "/v1/users/\(ada.id)/block").status == 403)
            #expect(try await ada.client.send("POST", "/v1/users/\(UserID.make())/block").status == 404)
        }
    }

    @Test("the list of friends pages without gaps or repeats while friendships are added")
    func paging() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let relations = Relations(pool: server.pool)
            var expected: Set<UserID> = []
            for number in 0..<7 {
                let other = try await server.user("friend\(number)")
                server.clock.advance(by: .milliseconds(number / 2))
                try await relations.makeFriends([(ada.id, other.id)], at: server.clock.now)
                expected.insert(other.id)
            }
            var seen: [UserID] = []
            var cursor: String?
            repeat {
                let path = "/v1/users/friends?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page: Page<Friend> = try await ada.client.get(path).decoded()
                seen += page.items.map(\.user.id)
                cursor = page.nextCursor
                let late = try await server.user("late\(seen.count)")
                server.clock.advance(by: .seconds(1))
                try await relations.makeFriends([(ada.id, late.id)], at: server.clock.now)
            } while cursor != nil
            #expect(seen.count == 7)
            #expect(Set(seen) == expected)
        }
    }

    @Test(
        "limits beyond 1 to 100 and foreign cursors are refused",
        arguments: [
            "limit=0", "limit=101", "limit=x", "limit=1&limit=2", "cursor=abc", "cursor=", "cursor=AAAAAAAAAAAA",
        ])
    func badPage(query: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.get("/v1/users/friends?\(query)")
            #expect(answer.status == 422)
        }
    }

    @Test("a friend shows as online and live unless they let nobody watch")
    func presence() async throws {
        let workout = WorkoutID.make()
        let hooks = LiveHooks(status: { _, _ in FriendStatus(isOnline: true, live: workout) })
        try await RESTServer.run(live: hooks) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            let shown: Page<Friend> = try await ada.client.get("/v1/users/friends").decoded()
            #expect(shown.items.first?.online == true)
            #expect(shown.items.first?.live?.workoutId == workout)
            let seen = try #require(shown.items.first?.lastActiveAt)
            #expect(seen <= server.clock.now)
            server.clock.advance(by: .seconds(600))
            _ = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "bob", password: RESTServer.password))
            let later: Page<Friend> = try await ada.client.get("/v1/users/friends").decoded()
            #expect(later.items.first?.lastActiveAt ?? seen >= seen + .seconds(600))
            _ = try await bob.client.send("PUT", "/v1/users/preferences", text: #"{"privacy": {"live": "private"}}"#)
            let hidden: Page<Friend> = try await ada.client.get("/v1/users/friends").decoded()
            #expect(hidden.items.first?.online == false)
            #expect(hidden.items.first?.live == nil)
            #expect(hidden.items.first?.lastActiveAt == nil)
        }
    }
}
