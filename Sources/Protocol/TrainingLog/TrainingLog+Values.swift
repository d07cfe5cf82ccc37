extension TrainingLog {
    /// A log's text within the rules' bounds: without control characters, at most `limit` characters; nil when nothing
    /// is left.
    public static func cleaned(_ text: String, limit: Int, keepsLines: Bool = false) -> String? {
        var scalars = String.UnicodeScalarView()
        // A line of a note may hold anything that isn't a control; a name shows all that is in it.
        for scalar in (keepsLines ? text : ShownText.stripped(text.replacingControls)).unicodeScalars {
            if scalar.value >= 0x20 && scalar.value != 0x7F || keepsLines && scalar == "\n" {
                scalars.append(scalar)
            } else if scalar != "\r" {
                scalars.append(" ")
            }
            if scalars.count == limit { break }
        }
        let cleaned = String(scalars)
        return cleaned.contains { !$0.isWhitespace } ? cleaned : nil
    }
}

extension String {
    /// With a space for each control character, so that words stay apart.
    fileprivate var replacingControls: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control && $0 != "\r" ? " " : $0 }))
    }
}

extension SetValues {
    /// The log's set in the wire's units; the units given here are for sets whose file names none.
    ///
    /// What has no unit at all is left out. A weight of zero is body weight in any unit.
    public init(
        _ logged: TrainingLog.LoggedSet, weightUnit: TrainingLog.WeightUnit?,
        distanceUnit: TrainingLog.DistanceUnit? = nil
    ) {
        let weightUnit = logged.weightUnit ?? weightUnit
        let grams = logged.weight.flatMap { weight in weight == 0 ? 0 : weightUnit.map { Int64($0.grams(weight)) } }
        let distanceUnit = logged.distanceUnit ?? distanceUnit
        let meters = logged.distance.flatMap { distance in distanceUnit?.meters(distance) }
        self.init(
            type: logged.type, weightGrams: grams,
            reps: logged.reps.map { Int64($0) },
            rpeTenths: logged.rpe.flatMap { (1...10).contains($0) ? Int64(($0 * 2).rounded()) * 5 : nil },
            rir: logged.rir,
            durationMilliseconds: logged.durationSeconds.map { Int64($0) * 1000 },
            distanceMillimeters: meters.map { Int64(($0 * 1000).rounded()) }, side: logged.side)
    }
}
