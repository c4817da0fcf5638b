// A drawing as SVG. Groups that stand for a node or a link can be chosen; those with a label are buttons.
import type { KeyboardEvent } from "react";
import type { Drawing, Group, Shape, Target } from "./drawing";
import "./picture.css";

interface Choice {
  /** Chooses a node or link; nothing can be chosen without it. */
  choose?: ((target: Target) => void) | undefined;
  chosen?: Target | undefined;
}

/** The drawing; it fills the width. */
export function Picture({ drawing, choose, chosen }: { drawing: Drawing } & Choice) {
  return (
    <svg
      className="picture"
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      // Parts of an image have no role of their own, so a drawing with buttons is a group.
      role={choose === undefined ? "img" : "group"}
      aria-label={drawing.label}
    >
      <Shapes shapes={drawing.shapes} choose={choose} chosen={chosen} />
    </svg>
  );
}

/** Fills that drawings refer to, once for a page. */
export function Patterns({ drawing }: { drawing: Drawing }) {
  return (
    <svg className="picture patterns" width="0" height="0" aria-hidden="true">
      <defs>
        <Shapes shapes={drawing.shapes} />
      </defs>
    </svg>
  );
}

function Shapes({ shapes, choose, chosen }: { shapes: readonly Shape[] } & Choice) {
  // Shapes keep their order as long as the system stays the same.
  return shapes.map((shape, index) => <ShapeView key={index} shape={shape} choose={choose} chosen={chosen} />);
}

function ShapeView({ shape, choose, chosen }: { shape: Shape } & Choice) {
  switch (shape.shape) {
    case "path":
      return <path className={shape.class} d={shape.d} />;
    case "rect": {
      const { x, y, width, height, radius } = shape;
      return <rect className={shape.class} x={x} y={y} width={width} height={height} rx={radius} />;
    }
    case "circle":
      return <circle className={shape.class} cx={shape.x} cy={shape.y} r={shape.radius} />;
    case "text":
      return (
        <text
          className={shape.class}
          x={shape.x}
          y={shape.y}
          textAnchor={shape.anchor}
          fontSize={shape.size}
          fontWeight={shape.bold ? 600 : undefined}
        >
          {shape.text}
        </text>
      );
    case "group":
      return <GroupView group={shape} choose={choose} chosen={chosen} />;
    case "pattern":
      return (
        <pattern
          id={shape.id}
          width={shape.size}
          height={shape.size}
          patternUnits="userSpaceOnUse"
          patternTransform={`rotate(${shape.rotate})`}
        >
          <Shapes shapes={shape.shapes} />
        </pattern>
      );
  }
}

function GroupView({ group, choose, chosen }: { group: Group } & Choice) {
  const { target, title, label } = group;
  const content = (
    <>
      {title !== undefined && <title>{title}</title>}
      <Shapes shapes={group.shapes} choose={choose} chosen={chosen} />
    </>
  );
  if (target === undefined || choose === undefined) return <g className={group.class}>{content}</g>;
  if (label === undefined) {
    // The line of a link, whose label is the button.
    return (
      <g className={`${group.class} clickable`} onClick={() => choose(target)}>
        {content}
      </g>
    );
  }
  const isChosen = chosen?.kind === target.kind && chosen.name === target.name;
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(target);
  };
  return (
    <g
      className={`${group.class}${isChosen ? " chosen" : ""}`}
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={label}
      onClick={() => choose(target)}
      onKeyDown={press}
    >
      {content}
    </g>
  );
}
