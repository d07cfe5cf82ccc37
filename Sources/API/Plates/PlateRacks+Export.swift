import Store

extension PlateRacks {
    /// The bars and plates that the user owns.
    static let exportParts = [
        ExportPart(
            "plates", tables: ["plate_racks"],
            columns: [
                ExportColumn("barbellKg", "barbell_g / 1000.0"), ExportColumn("ezBarKg", "ez_bar_g / 1000.0"),
                ExportColumn("plateGrams", "plates_g"), "pairs",
            ],
            omitted: ["user_id", "version"], key: [.id("user_id")]
        ) { user in "from plate_racks where user_id = \(user)" }
    ]
}
