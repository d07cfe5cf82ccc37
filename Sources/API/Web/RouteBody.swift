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
    /// Read but not declared, or declared but not read: must be empty.
    package let undeclared: Set<String>
}

extension NoBody: RouteBody {
    package static var shape: BodyShape? { nil }
    package init?(reading body: inout BodyReader) {}
}

extension BodyInput where Self: RouteBody {
    package static var shape: BodyShape? {
        BodyShape(
            name: SchemaRecorder.componentName(of: Self.self), members: specifiedMembers, isRequired: true,
            undeclared: undeclaredMembers)
    }
}

/// A body that may be left out; then it is read as an empty object.
package struct OptionalBody<Body: BodyInput>: RouteBody {
    package let value: Body

    package static var shape: BodyShape? {
        BodyShape(
            name: SchemaRecorder.componentName(of: Body.self), members: Body.specifiedMembers, isRequired: false,
            undeclared: Body.undeclaredMembers)
    }

    package init?(reading body: inout BodyReader) {
        guard let value = Body(reading: &body) else { return nil }
        self.value = value
    }
}
