import Protocol
import Store

/// The statement that goals are read with; its plan is tested.
package enum GoalStatements {
    /// Goals `g` under a condition, the newest first; days are those of the zone.
    package static func goals(where condition: SQL, zone: String, limit: Int) -> SQL {
        """
        select \(StoredGoal.columns(zone: zone)) from goals g where \(condition)
        order by g.created_at desc, g.id desc limit \(limit)
        """
    }
}
