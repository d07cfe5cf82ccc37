import Protocol

/// What a route reads from the request's body.
package protocol RouteBody: Sendable {
    /// nil when the route reads no body.
    static var shape: BodyShape? { get }
    init?(reading body: inout BodyReader)
}

/// The body of a route, as the specification shows it.
package struct BodyShape: Sendable {
    package let name: String
    package let members: [MemberSchema]
    package let isRequired: Bool
}

extension NoBody: RouteBody {
    package static var shape: BodyShape? { nil }
    package init?(reading body: inout BodyReader) {}
}

extension BodyInput where Self: RouteBody {
    package static var shape: BodyShape? { BodyShape(name: "\(Self.self)", members: members, isRequired: true) }
}

/// A body that may be left out; then it is read as an empty object.
package struct OptionalBody<Body: BodyInput>: RouteBody {
    package let value: Body

    package static var shape: BodyShape? {
        BodyShape(name: "\(Body.self)", members: Body.members, isRequired: false)
    }

    package init?(reading body: inout BodyReader) {
        guard let value = Body(reading: &body) else { return nil }
        self.value = value
    }
}
