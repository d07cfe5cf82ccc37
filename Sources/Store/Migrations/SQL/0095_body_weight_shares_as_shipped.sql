-- The share that the shipped data gave an exercise of the library last: one that stands otherwise was changed by an
-- administrator and stays, every other follows what later releases ship.
alter table exercises
    add column shipped_body_weight_share double precision;

-- What was shipped until now, in databases that have it.
update exercises set shipped_body_weight_share = s.share
from (values
    ('Bodyweight_Squat', 0.88),
    ('Bodyweight_Walking_Lunge', 0.88),
    ('Chin-Up', 0.95),
    ('Close-Grip_Push-Up_off_of_a_Dumbbell', 0.64),
    ('Decline_Push-Up', 0.72),
    ('Dips_-_Chest_Version', 0.95),
    ('Dips_-_Triceps_Version', 0.95),
    ('Gironda_Sternum_Chins', 0.95),
    ('Handstand_Push-Ups', 0.95),
    ('Incline_Push-Up', 0.48),
    ('Incline_Push-Up_Close-Grip', 0.48),
    ('Incline_Push-Up_Medium', 0.48),
    ('Incline_Push-Up_Reverse_Grip', 0.48),
    ('Incline_Push-Up_Wide', 0.48),
    ('Inverted_Row', 0.68),
    ('Inverted_Row_with_Straps', 0.68),
    ('Kettlebell_Pistol_Squat', 0.94),
    ('Kipping_Muscle_Up', 0.95),
    ('Mixed_Grip_Chin', 0.95),
    ('Muscle_Up', 0.95),
    ('One_Arm_Chin-Up', 0.98),
    ('Parallel_Bar_Dip', 0.95),
    ('Pullups', 0.95),
    ('Push-Up_Wide', 0.64),
    ('Push-Ups_-_Close_Triceps_Position', 0.64),
    ('Push-Ups_With_Feet_Elevated', 0.72),
    ('Pushups', 0.64),
    ('Pushups_Close_and_Wide_Hand_Positions', 0.64),
    ('Ring_Dips', 0.95),
    ('Side_To_Side_Chins', 0.95),
    ('Single-Arm_Push-Up', 0.64),
    ('Single-Leg_High_Box_Squat', 0.94),
    ('Step-up_with_Knee_Raise', 0.94),
    ('Suspended_Row', 0.53),
    ('V-Bar_Pullup', 0.95),
    ('Weighted_Pull_Ups', 0.95),
    ('Wide-Grip_Rear_Pull-Up', 0.95)
) as s (slug, share)
where exercises.slug = s.slug
    and exists (select from exercises where owner is null and body_weight_share is not null);
