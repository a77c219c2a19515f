import { type Html, html } from "./html.ts";

export interface Table {
  /** The id of its heading. */
  readonly labelledBy: string;
  readonly columns: readonly string[];
  /** The cells of each row. The first one names the row. */
  readonly rows: readonly (readonly Html[])[];
}

/**
 * Makes a table. On narrow screens its rows are shown as cards, and browsers would forget that it
 * is a table: so the roles are written out.
 */
export const renderTable = ({ labelledBy, columns, rows }: Table): Html =>
  html`<table role="table" aria-labelledby="${labelledBy}">
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (cells) =>
          html`<tr role="row">
            ${cells.map((cell, index) => renderCell(cell, columns[index] ?? "", index === 0))}
          </tr> `,
      )}
    </tbody>
  </table>`;

const renderCell = (cell: Html, name: string, isHeader: boolean): Html =>
  isHeader
    ? html`<th role="rowheader" scope="row" data-label="${name}">${cell}</th>`
    : html`<td role="cell" data-label="${name}"><div>${cell}</div></td>`;
