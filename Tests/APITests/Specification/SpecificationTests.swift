import API
import Foundation
import HTTPTypes
import Protocol
import TestKit
import Testing

@Suite("The specification")
struct SpecificationTests {
    @Test("Holds every route of the table, with its method, and nothing else")
    func everyRoute() async throws {
        try await RESTServer.run(isLive: true) { server in
            let document = try server.api.specification.document().value
            let declared = Set(
                server.api.table.routes.map { route in
                    let path = route.path.replacing(/:([A-Za-z]+)/) { "{\($0.output.1)}" }
                    return "\(route.method.rawValue.lowercased()) \(path)"
                })
            let specified = Set(
                (document["paths"]?.members ?? [:]).flatMap { path, item in
                    (item.members ?? [:]).keys.map { "\($0) \(path)" }
                })
            #expect(declared == specified)
            #expect(specified.contains("get /v1/openapi.json"))
            let ids = (document["paths"]?.members ?? [:]).values.flatMap { item in
                (item.members ?? [:]).values.compactMap { $0["operationId"]?.text }
            }
            #expect(Set(ids).count == declared.count)
        }
    }

    @Test("A body's members are declared exactly as they are read")
    func declaredMembers() async throws {
        try await RESTServer.run(isLive: true) { server in
            for route in server.api.table.routes {
                #expect(route.body?.undeclared ?? [] == [], "\(route.method) \(route.path)")
            }
        }
    }

    @Test("Is served with an entity tag and kept by the client")
    func served() async throws {
        try await RESTServer.run { server in
            let answer = try await server.client.get(Specification.path)
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "application/json")
            #expect(try answer.body == server.api.specification.document().json)
            let tag = try #require(answer[header: "etag"])
            let again = try await server.client.get(Specification.path, headers: [("If-None-Match", tag)])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
        }
    }

    @Test("Says of members whether they are required and whether null stands for them, as they are read and written")
    func members() async throws {
        try await RESTServer.run { server in
            let schemas = try #require(try server.api.specification.document().value["components"]?["schemas"])
            let register = try #require(schemas["RegisterRequest"])
            #expect(register["required"] == ["displayName", "email", "password", "username"])
            let change = try #require(schemas["ProfileChange"]?["properties"])
            #expect(change["displayName"]?["type"] == "string")
            #expect(change["gym"]?["type"] == ["string", "null"])
            #expect(change["sex"]?["anyOf"] == [["$ref": "#/components/schemas/Sex"], ["type": "null"]])
            #expect(schemas["Sex"]?["enum"] == ["female", "male"])
            let tokens = try #require(schemas["Tokens"])
            #expect(tokens["required"]?.items?.contains("refreshToken") == false)
            let profile = try #require(schemas["Profile"])
            #expect(profile["required"]?.items?.contains("birthDate") == true)
            #expect(profile["properties"]?["birthDate"] == ["type": ["string", "null"], "format": "date"])
            #expect(profile["properties"]?["avatar"]?["anyOf"]?.items?.last == ["type": "null"])
        }
    }

    @Test("An answer that is not as specified is noticed")
    func drift() throws {
        let document: DocumentValue = [
            "paths": [
                "/v1/things/{id}": [
                    "get": [
                        "responses": [
                            "200": [
                                "content": [
                                    "application/json": [
                                        "schema": [
                                            "type": "object", "required": ["name"],
                                            "properties": ["name": ["type": "string"]],
                                        ]
                                    ]
                                ]
                            ]
                        ]
                    ]
                ]
            ]
        ]
        func verdict(_ status: Int, _ body: String, type: String = "application/json") throws {
            let check = WireCheck(document)
            check.saw("GET", "/v1/things/7?x=1", status: status, type: type, body: body)
            try check.verdict()
        }
        try verdict(200, #"{"name": "bar"}"#)
        for body in [#"{"name": 1}"#, "{}", #"{"name": "bar", "weight": 20}"#, "[]", "x"] {
            #expect(throws: WireCheck.Drift.self) { try verdict(200, body) }
        }
        #expect(throws: WireCheck.Drift.self) { try verdict(500, "{}") }
        #expect(throws: WireCheck.Drift.self) { try verdict(200, "{}", type: "text/plain") }
    }
}
