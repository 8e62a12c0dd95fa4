/** Words for invented people, firms and places. */
export const firstNames = {
  Female: ['Alma', 'Briony', 'Cleo', 'Dagny', 'Esme', 'Fenella', 'Greta', 'Hester', 'Imke', 'Juno', 'Linnea', 'Maren', 'Niamh', 'Odile', 'Priya', 'Siobhán', 'Tamsin', 'Yun'],
  Male: ['Anselm', 'Bram', 'Caspian', 'Dov', 'Emrys', 'Florian', 'Gideon', 'Haruki', 'Ivo', 'Jarrah', 'Kofi', 'Leif', 'Magnus', 'Nils', 'Oisín', 'Rafferty', 'Søren', 'Wei'],
} as const;

export const lastNames = [
  'Ashgrove', 'Birdwhistle', 'Coldwater', 'Dunmarrow', 'Elderfen', "O'Farrowby", 'Greenhollow', 'Hawkmoor', 'Inchbald', 'Juniperson',
  'Kestrelby', 'Larkenfield', 'Mossbury', 'Nightingall', 'Oakhanger', 'Pennywether', 'Quillfeather', 'Rookwood', 'Silverlake', 'Thistlecombe',
  'Umberton', 'Vanterpool-Grey', 'Wrenfold', 'Yarrowdale', 'Żurawski', 'Tan-Meadow', 'Fjordsen', 'Lì',
];

export const firmNames = [
  'Amber Anchor', 'Blue Kelpie', 'Copper Quoll', 'Dawn Heron', 'Eleventh Gum', 'Fern & Flint', 'Golden Numbat', 'Harbour Lantern',
  'Ivory Bandicoot', 'Jade Possum', 'Kookaburra Lane', 'Lonely Platypus', 'Marble Wattle', 'Northern Quokka', 'Opal Ledger', 'Paper Wombat',
];

export const trades = ['Freight', 'Holdings', 'Joinery', 'Orchards', 'Press', 'Robotics', 'Tea', 'Textiles', 'Vineyards', 'Weather'];

export const streets = ['Acacia Rise', 'Bellbird Street', 'Candlebark Road', 'Driftwood Court', 'Echidna Avenue', 'Ferryman Lane', 'Gannet Parade', 'Honeyeater Way'];

export const jobTitles = ['Bookbinder', 'Crane operator', 'Head of tea', 'Lighthouse keeper', 'Night auditor', 'Surveyor'];
export const departments = ['Archive', 'Finance', 'Front desk', 'Operations', 'Travel'];
export const preferences = ['High floor', 'Quiet room, away from the lift', 'Feather-free pillows', 'Late arrival'];
