import Protocol

/// `/v1/users/plates`: what the athlete can load, for the targets of workouts.
struct PlateRoutes: Sendable {
    let racks: PlateRacks

    func declare(on routes: inout RouteTable) {
        routes.get(
            "/v1/users/plates", "The bars and plates one owns", RouteOptions(caching: .tagged), use: rack)
        routes.put(
            "/v1/users/plates", "Changes the bars and plates one owns; targets are rounded to them",
            RouteOptions(problems: [.preconditionFailed], limit: .write, caching: .tagged), use: change)
    }

    private func tag(_ version: Int) -> EntityTag { EntityTag("v\(version)") }

    private func rack(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<PlateRack> {
        let (rack, version) = try await racks.rack(of: call.caller.id)
        return Answer(rack, entityTag: tag(version))
    }

    private func change(_ call: Call<SignedInUser, NoQuery, PlateRackChange>) async throws -> Answer<PlateRack> {
        let (rack, version) = try await racks.change(of: call.caller.id, call.body) { version in
            try call.checkMatch(tag(version))
        }
        return Answer(rack, entityTag: tag(version))
    }
}
