"""Clients that generators make of the specification compile, and do a journey with it."""

import importlib
import json

import pytest

PASSWORD = "weights-9-barbells"


def operation(tag, name):
    """A function of the generated client, which answers with status and body."""
    return importlib.import_module(f"fitai_client.api.{tag}.{name}").sync_detailed


@pytest.fixture(scope="module")
def athlete(served, client):
    """Somebody who registered and signed in through the generated client, and the client that speaks for them."""
    anonymous = client.Client(base_url=served.address)
    shapes = importlib.import_module("fitai_client.models")
    account = shapes.RegisterRequest(
        email="gen@example.org", username="gen", password=PASSWORD, display_name="Gen Erated")
    registered = operation("auth", "post_auth_register")(client=anonymous, body=account)
    assert registered.status_code == 201
    assert isinstance(registered.parsed, shapes.SignedIn)
    signed_in = operation("auth", "post_auth_login")(
        client=anonymous, body=shapes.LoginRequest(login="gen", password=PASSWORD))
    assert signed_in.parsed.user.id == registered.parsed.user.id
    return client.AuthenticatedClient(base_url=served.address, token=signed_in.parsed.tokens.access_token)


def test_a_generated_client_logs_a_workout_and_reads_what_became_of_it(athlete):
    shapes = importlib.import_module("fitai_client.models")
    exercise = operation("exercises", "post_exercises")(
        client=athlete, body=shapes.NewExercise(
            name="Pause squat", category="strength", level=shapes.ExerciseLevel.INTERMEDIATE,
            primary_muscles=[shapes.Muscle.QUADRICEPS], force=shapes.ExerciseForce.PUSH)).parsed
    assert isinstance(exercise, shapes.Exercise) and exercise.average_rating is None

    workout = operation("workouts", "post_workouts")(client=athlete, body=shapes.NewWorkout(name="Leg day")).parsed
    entry = operation("workouts", "post_workouts_by_id_exercises")(
        workout.id, client=athlete, body=shapes.NewEntry(exercise_id=exercise.id, rest_seconds=180)).parsed
    log = operation("workouts", "post_workouts_by_id_exercises_by_exercise_id_sets")
    sets = [
        log(workout.id, entry.id, client=athlete, body=shapes.NewSet(weight_kg=kilograms, reps=5, rpe=8.5)).parsed
        for kilograms in (100, 102.5, 105)
    ]
    # An answer is sent back as it came, with one member changed: what it shows as null is none.
    change = shapes.SetReplacement.from_dict({**sets[2].to_dict(), "reps": 6})
    changed = operation("workouts", "put_workouts_by_id_exercises_by_exercise_id_sets_by_set_id")(
        workout.id, entry.id, sets[2].id, client=athlete, body=change).parsed
    assert (changed.weight_kg, changed.reps, changed.rir) == (105, 6, None)

    completed = operation("workouts", "post_workouts_by_id_complete")(
        workout.id, client=athlete, body=shapes.WorkoutStep(rpe=8)).parsed
    tonnage = 100 * 5 + 102.5 * 5 + 105 * 6
    assert (completed.status, completed.summary.tonnage_kg) == (shapes.WorkoutStateStatus.COMPLETED, tonnage)

    history = operation("workouts", "get_workouts")(client=athlete, limit=10).parsed
    assert isinstance(history, shapes.PageOfWorkoutItem) and history.next_cursor is None
    assert [(item.id, item.name) for item in history.items] == [(workout.id, "Leg day")]
    progress = operation("progress", "get_progress_strength_by_exercise_id")(exercise.id, client=athlete).parsed
    assert isinstance(progress, shapes.ExerciseProgress)
    volume = operation("progress", "get_progress_volume")(client=athlete).parsed
    assert sum(week.tonnage_kg for week in volume.weeks) == tonnage


def test_a_refusal_comes_as_a_typed_problem(served, client, athlete):
    shapes = importlib.import_module("fitai_client.models")
    refused = operation("exercises", "post_exercises")(
        client=athlete, body=shapes.NewExercise(
            name="", category="strength", level=shapes.ExerciseLevel.BEGINNER, primary_muscles=[]))
    assert refused.status_code == 422
    problem = refused.parsed
    assert problem.code.value == "invalidValues" and problem.status == 422 and problem.title
    assert {fault.pointer for fault in problem.errors} == {"/name", "/primaryMuscles"}
    assert all(isinstance(fault, shapes.ProblemFault) and fault.detail for fault in problem.errors)

    nobody = client.AuthenticatedClient(base_url=served.address, token="none")
    stranger = operation("workouts", "get_workouts")(client=nobody)
    assert stranger.status_code == 401 and stranger.parsed.code.value == "unauthenticated"


@pytest.mark.parametrize(
    ("method", "path", "model"),
    [
        ("GET", "/v1/users/profile", "Profile"), ("GET", "/v1/users/preferences", "Preferences"),
        ("GET", "/v1/exercises", "PageOfExercise"), ("GET", "/v1/workouts", "PageOfWorkoutItem"),
        ("GET", "/v1/progress/analytics", "ProgressDashboard"), ("GET", "/v1/auth/sessions", "PageOfAccountSession"),
        ("GET", "/v1/users/plates", "PlateRack"), ("GET", "/v1/goals/analytics", "GoalAnalytics"),
    ],
)
def test_generated_models_read_what_is_answered(served, athlete, models, method, path, model):
    answer = served.call(method, path, token=athlete.token)
    read = getattr(models, model).model_validate_json(json.dumps(answer))
    assert json.loads(read.model_dump_json(exclude_unset=True)).keys() == answer.keys()


def test_generated_models_know_what_a_body_must_hold(models):
    with pytest.raises(ValueError, match="weightKg"):
        models.NewSet.model_validate({"weightKg": -1, "reps": 5})
    with pytest.raises(ValueError, match="exerciseId"):
        models.NewEntry.model_validate({"exerciseId": "no-id"})
    with pytest.raises(ValueError, match="type"):
        models.NewSet.model_validate({"type": "heavy", "reps": 5})
