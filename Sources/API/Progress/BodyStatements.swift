import Protocol
import Store

/// Statements on measurements that grow with the years; their plans are tested.
package enum BodyStatements {
    /// Time and value of a metric since a time, the latest first, at most 1,000.
    package static func series(_ metric: BodyMetric, of user: UserID, since: Timestamp) -> SQL {
        """
        select measured_at, value from body_values
        where user_id = \(user) and metric = \(metric) and measured_at >= \(since)
        order by measured_at desc, measurement_id desc limit 1000
        """
    }
}
