import Store

extension BodyMeasurements {
    /// Measurements, each with its values by metric.
    static let exportParts = [
        ExportPart(
            "measurements", tables: ["body_measurements", "body_values"],
            columns: [
                "m.id", "m.measured_at", "m.note", "m.created_at",
                ExportColumn(
                    "values",
                    "(select json_object_agg(metric, value order by metric) from body_values where measurement_id = m.id)"
                ),
            ],
            omitted: ["user_id", "version", "measurement_id"], key: [.id("m.id")]
        ) { user in "from body_measurements m where m.user_id = \(user)" }
    ]
}
