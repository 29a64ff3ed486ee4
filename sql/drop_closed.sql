-- The sentence and the figures of drop_closed, for `course` and its `term`. enrollment.sql includes it.
    course.label || ' could be dropped until '
        || coalesce(course.drop_until, term.drop_until, 'the end of its term, ' || term.end_on) || '.',
    json_object(
        'course', course.label, 'drop_until', coalesce(course.drop_until, term.drop_until), 'end_on', term.end_on
    )
