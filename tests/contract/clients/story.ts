// A registration through openapi-fetch, with the types that openapi-typescript generates.
//
// URL and TOKEN in the environment say which service, with a fresh database, and whose token.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Student = components["schemas"]["Student"];

const { URL, TOKEN } = process.env;
assert(URL && TOKEN);
const api = createClient<paths>({ baseUrl: URL, headers: { Authorization: `Bearer ${TOKEN}` } });

async function newStudent(given_name: string, family_name: string): Promise<Student> {
  const { data, error } = await api.POST("/v1/students", {
    body: { given_name, family_name, status: "active" },
  });
  assert(data, error?.detail);
  assert.equal(data.given_name, given_name);
  return data;
}

const ada = await newStudent("Ada", "Lovelace");
const grace = await newStudent("Grace", "Hopper");

const { data: term } = await api.POST("/v1/terms", {
  body: { code: "2026-FALL", title: "Fall", start_on: "2026-08-31", end_on: "2026-12-18" },
});
assert(term);

const { data: course } = await api.POST("/v1/courses", {
  body: { code: "CS101", title: "Databases", term: term.code, capacity: 1 },
});
assert(course);
assert.equal(course.seats.free, 1);

const enroll = (student: Student, course_id: number, dry_run = false) =>
  api.POST("/v1/students/{student_id}/courses", {
    params: { path: { student_id: student.id }, query: { dry_run } },
    body: { course_id },
  });

const { data: tried } = await enroll(ada, course.id, true);
assert.equal(tried?.dry_run, true);
assert.deepEqual(tried.events?.map((event) => event.student_id), [ada.id]);

const { data: enrolled } = await enroll(ada, course.id);
assert.equal(enrolled?.status, "enrolled");
assert.equal(enrolled.dry_run, undefined);

const { error: refused, response } = await enroll(grace, course.id);
assert.equal(response.status, 409);
// Both are closed sets: a code with a typing error would not compile.
const full: components["schemas"]["ProblemCode"] = "course_full";
const reason: components["schemas"]["ViolationCode"] = "course_full";
assert.equal(refused?.code, full);
assert.deepEqual(refused.errors.map((error) => error.code), [reason]);
const pointer: string | undefined = refused.errors[0]?.pointer;
assert.equal(pointer, "/course_id");

const { data: students } = await api.GET("/v1/students", {
  params: { query: { family_name: "love" } },
});
assert.deepEqual(students?.items.map((student) => student.id), [ada.id]);
assert.equal(students.next, null);

const { data: roster } = await api.GET("/v1/courses/{course_id}/students", {
  params: { path: { course_id: course.id } },
});
assert.deepEqual(roster?.items.map((entry) => entry.family_name), ["Lovelace"]);

const { response: dropped } = await api.DELETE("/v1/students/{student_id}/courses/{course_id}", {
  params: { path: { student_id: ada.id, course_id: course.id } },
});
assert.equal(dropped.status, 204);

const { data: first } = await api.GET("/v1/events", { params: { query: { limit: 1 } } });
assert(first?.next);
const { data: rest } = await api.GET("/v1/events", { params: { query: { after: first.next } } });
assert(rest);
const events = [...first.items, ...rest.items];
assert.deepEqual(events.map((event) => event.to_status), ["enrolled", "dropped"]);
assert.equal(events[0]?.from_status, null);
