// Fields of the requests, and a button for each path.
import type { ReactNode } from "react";
import { FIELDS, PAGE } from "../words";
import { type Fields, type Path, PATHS, SEVERITIES } from "./paths";

interface Props {
  fields: Fields;
  change: (fields: Fields) => void;
  send: (path: Path) => void;
}

/** Everything that a person can fill in and press. */
export function Form({ fields, change, send }: Props) {
  const text = (name: "email" | "name" | "data") => ({
    value: fields[name],
    onChange: (event: { target: { value: string } }) => change({ ...fields, [name]: event.target.value }),
  });
  return (
    <section className="form" aria-labelledby="form-title">
      <h2 id="form-title">{PAGE.send}</h2>
      <div className="fields">
        <Field label={FIELDS.email}>
          <input type="email" autoComplete="off" {...text("email")} />
        </Field>
        <Field label={FIELDS.password}>
          <input
            type="password"
            autoComplete="off"
            value={fields.password}
            onChange={(event) => change({ ...fields, password: event.target.value })}
          />
        </Field>
        <Field label={FIELDS.name}>
          <input {...text("name")} />
        </Field>
        <Field label={FIELDS.severity}>
          <select
            value={fields.severity}
            onChange={(event) => change({ ...fields, severity: event.target.value as Fields["severity"] })}
          >
            {SEVERITIES.map((severity) => (
              <option key={severity}>{severity}</option>
            ))}
          </select>
        </Field>
        <Field label={FIELDS.data} isWide>
          <textarea rows={2} {...text("data")} />
        </Field>
      </div>
      <div className="buttons">
        {PATHS.map((path) => (
          <button key={path.title} type="button" onClick={() => send(path)}>
            {path.title}
            <small>{path.about}</small>
          </button>
        ))}
      </div>
    </section>
  );
}

function Field({ label, isWide = false, children }: { label: string; isWide?: boolean; children: ReactNode }) {
  return (
    <label className={isWide ? "wide-field" : undefined}>
      <span>{label}</span>
      {children}
    </label>
  );
}
