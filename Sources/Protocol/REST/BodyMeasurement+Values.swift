extension BodyMeasurement {
    /// A measurement from its values by metric.
    public init(id: BodyMeasurementID, measuredAt: Timestamp, values: [BodyMetric: Double], note: String?) {
        self.init(
            id: id, measuredAt: measuredAt, weightKg: values[.weightKg], bodyFatPercent: values[.bodyFatPercent],
            neckCm: values[.neckCm], shouldersCm: values[.shouldersCm], chestCm: values[.chestCm],
            waistCm: values[.waistCm], hipsCm: values[.hipsCm], leftArmCm: values[.leftArmCm],
            rightArmCm: values[.rightArmCm], leftThighCm: values[.leftThighCm], rightThighCm: values[.rightThighCm],
            leftCalfCm: values[.leftCalfCm], rightCalfCm: values[.rightCalfCm], note: note)
    }
}
