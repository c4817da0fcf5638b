// Drawings as the lab sends them: shapes that are mapped to SVG one to one. The fields are those of
// crates/faultline/src/picture/drawing.rs.

/** A drawing; its units are pixels at its natural size. */
export interface Drawing {
  width: number;
  height: number;
  /** Content in words, for readers who do not see it. */
  label: string;
  shapes: Shape[];
}

/** The node or link that a group stands for. */
export interface Target {
  kind: "node" | "link";
  name: string;
}

/** Shapes that belong together. */
export interface Group {
  shape: "group";
  class: string;
  title?: string;
  label?: string;
  target?: Target;
  shapes: Shape[];
}

/** One shape. */
export type Shape =
  | { shape: "path"; class: string; d: string }
  | { shape: "rect"; class: string; x: number; y: number; width: number; height: number; radius?: number }
  | { shape: "circle"; class: string; x: number; y: number; radius: number }
  | {
      shape: "text";
      class: string;
      x: number;
      y: number;
      anchor: "start" | "middle" | "end";
      size: number;
      bold: boolean;
      text: string;
    }
  | Group
  | { shape: "pattern"; id: string; size: number; rotate: number; shapes: Shape[] };
